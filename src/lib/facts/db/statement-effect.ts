/** PostgreSQL's table lock modes that a migration's statements take, weakest first. */
type LockMode = 'none' | 'ShareUpdateExclusive' | 'Share' | 'ShareRowExclusive' | 'RowExclusive' | 'AccessExclusive'

/** What other sessions feel of one statement, as far as its text tells. */
export interface StatementEffect {
  /** The first line or so, for a plan. */
  readonly text: string
  readonly lock: LockMode
  /** The table that it names first, without quotes and without `public.`. */
  readonly table: string | undefined
  /** Every row of the table is written anew under that lock. */
  readonly rewrites: boolean
  /** Every row is read under that lock, to build or to prove something. */
  readonly scans: boolean
  /** Data or objects are gone afterwards. */
  readonly destroys: boolean
  readonly concurrently: boolean
}

interface Rule {
  readonly when: RegExp
  readonly lock: LockMode
  readonly rewrites?: true
  readonly scans?: true
  readonly destroys?: true
}

/** The first that matches decides; taken from PostgreSQL's documentation of each command, and held to a real server by the tests. */
const rules: readonly Rule[] = [
  { when: /^CREATE (UNIQUE )?INDEX CONCURRENTLY\b/, lock: 'ShareUpdateExclusive', scans: true },
  { when: /^CREATE (UNIQUE )?INDEX\b/, lock: 'Share', scans: true },
  { when: /^(DROP INDEX|REINDEX \w+) CONCURRENTLY\b/, lock: 'ShareUpdateExclusive' },
  { when: /^DROP (TABLE|SCHEMA|MATERIALIZED VIEW|DATABASE|TYPE|SEQUENCE|OWNED)\b/, lock: 'AccessExclusive', destroys: true },
  { when: /^TRUNCATE\b/, lock: 'AccessExclusive', destroys: true },
  { when: /^DROP\b/, lock: 'AccessExclusive' },
  { when: /^DELETE\b/, lock: 'RowExclusive', destroys: true },
  { when: /^UPDATE\b/, lock: 'RowExclusive', destroys: true },
  { when: /^(INSERT|MERGE|COPY)\b/, lock: 'RowExclusive' },
  {
    when: /^ALTER TABLE\b.*\bDROP (COLUMN|(?!CONSTRAINT|DEFAULT|NOT|IDENTITY|EXPRESSION)(IF EXISTS )?["\w]+( CASCADE| RESTRICT)?\s*(,|$))/,
    lock: 'AccessExclusive',
    destroys: true,
  },
  { when: /^ALTER TABLE\b.*\bALTER (COLUMN )?\S+ (SET DATA )?TYPE\b/, lock: 'AccessExclusive', rewrites: true, scans: true },
  {
    when: /^ALTER TABLE\b.*\bADD\b.*\b(GENERATED ALWAYS AS \(.*\) STORED|(BIG|SMALL)?SERIAL|GENERATED (BY DEFAULT|ALWAYS) AS IDENTITY)/,
    lock: 'AccessExclusive',
    rewrites: true,
    scans: true,
  },
  {
    when: /^ALTER TABLE\b.*\bADD COLUMN\b.*\bDEFAULT\b.*\b(RANDOM|CLOCK_TIMESTAMP|GEN_RANDOM_UUID|UUID_GENERATE_V4|NEXTVAL)\s*\(/,
    lock: 'AccessExclusive',
    rewrites: true,
    scans: true,
  },
  { when: /^ALTER TABLE\b.*\bSET (LOGGED|UNLOGGED|ACCESS METHOD)\b/, lock: 'AccessExclusive', rewrites: true, scans: true },
  { when: /^ALTER TABLE\b.*\bVALIDATE CONSTRAINT\b/, lock: 'ShareUpdateExclusive', scans: true },
  { when: /^ALTER TABLE\b.*\bADD (CONSTRAINT \S+ )?FOREIGN KEY\b.*\bNOT VALID\b/, lock: 'ShareRowExclusive' },
  { when: /^ALTER TABLE\b.*\bADD (CONSTRAINT \S+ )?FOREIGN KEY\b/, lock: 'ShareRowExclusive', scans: true },
  { when: /^ALTER TABLE\b.*\bADD (CONSTRAINT \S+ )?CHECK\b.*\bNOT VALID\b/, lock: 'AccessExclusive' },
  { when: /^ALTER TABLE\b.*\bADD (CONSTRAINT \S+ )?(CHECK|UNIQUE|PRIMARY KEY|EXCLUDE)\b/, lock: 'AccessExclusive', scans: true },
  { when: /^ALTER TABLE\b.*\bSET NOT NULL\b/, lock: 'AccessExclusive', scans: true },
  { when: /^ALTER TABLE\b.*\bSET STATISTICS\b/, lock: 'ShareUpdateExclusive' },
  { when: /^(ALTER TABLE|ALTER|LOCK TABLE|LOCK|REFRESH MATERIALIZED VIEW|REINDEX|CLUSTER|VACUUM FULL)\b/, lock: 'AccessExclusive' },
  { when: /^(VACUUM|ANALYZE)\b/, lock: 'ShareUpdateExclusive', scans: true },
  { when: /^CREATE (CONSTRAINT )?TRIGGER\b/, lock: 'ShareRowExclusive' },
]

/** What one SQL statement does to others; a statement that no rule knows is taken for one that locks no table. */
export const effectOf = (statement: string): StatementEffect => {
  const bare = statement
    .replace(/--.*$/gm, '')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/;\s*$/, '')
    .trim()
  const rule = rules.find(({ when }) => when.test(unquoted(bare)))
  return {
    text: bare.length > 120 ? `${bare.slice(0, 119)}…` : bare,
    lock: rule?.lock ?? 'none',
    table: tableOf(bare),
    rewrites: rule?.rewrites ?? false,
    scans: rule?.scans ?? false,
    destroys: rule?.destroys ?? false,
    concurrently: /\bCONCURRENTLY\b/.test(unquoted(bare)),
  }
}

/** The object of the commands that lock one table. */
const tableOf = (sql: string): string | undefined => {
  const [, named] =
    /^(?:ALTER TABLE|DROP TABLE|TRUNCATE(?: TABLE)?|UPDATE|LOCK(?: TABLE)?|COPY|INSERT INTO|DELETE FROM|ANALYZE|VACUUM(?: FULL)?)\s+(?:IF EXISTS\s+)?(?:ONLY\s+)?([\w".]+)/i.exec(
      sql,
    ) ??
    /^CREATE (?:UNIQUE )?INDEX\b[^(]*?\sON\s+(?:ONLY\s+)?([\w".]+)/i.exec(sql) ??
    []
  return named?.replaceAll('"', '').replace(/^public\./, '')
}

/** Upper case, and nothing that stands between quotes: text must not look like a command. */
const unquoted = (sql: string): string => sql.replace(/'(?:[^']|'')*'/g, "''").toUpperCase()

/** Destructive first, then what rewrites, then by the strength of the lock; otherwise as they run. */
export const worstFirst = (effects: readonly StatementEffect[]): readonly StatementEffect[] =>
  [...effects].sort((a, b) => weight(b) - weight(a))

const strength: Readonly<Record<LockMode, number>> = {
  none: 0,
  RowExclusive: 1,
  ShareUpdateExclusive: 2,
  Share: 3,
  ShareRowExclusive: 4,
  AccessExclusive: 5,
}
const weight = ({ destroys, rewrites, scans, lock }: StatementEffect): number =>
  (destroys ? 100 : 0) + (rewrites ? 50 : 0) + strength[lock] * 2 + (scans ? 1 : 0)
