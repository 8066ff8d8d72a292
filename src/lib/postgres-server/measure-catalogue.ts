import type { Client } from 'pg'

/** Something of the schema that a statement can take away. */
export interface Thing {
  readonly kind: string
  readonly oid: string
  /** A column's number; 0 of all else. */
  readonly sub: number
  /** With its schema, but for `public`; a column's and a trigger's after that of the table. */
  readonly name: string
  /** Its own name alone. */
  readonly bare: string
  /** The table that it goes with. */
  readonly of: string | null
  /** A table's file: another one after it was rewritten or emptied. */
  readonly file: string
}

const named = (name: string) => `CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || ${name}`
const own = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`
const ofTable = (kind: string, catalog: string, oid: string, name: string, where: string) => `
UNION ALL SELECT '${kind}', o.oid::text, 0, ${named('c.relname')} || '.' || o.${name}, o.${name}::text, c.oid::text, '0'
  FROM pg_catalog.${catalog} o JOIN pg_catalog.pg_class c ON c.oid = o.${oid} JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ${own}${where}`

const things = `
SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' ELSE 'table' END AS kind,
  c.oid::text AS oid, 0 AS sub, ${named('c.relname')} AS name, c.relname::text AS bare,
  coalesce(i.indrelid::text, (SELECT d.refobjid::text FROM pg_catalog.pg_depend d WHERE c.relkind = 'S' AND d.classid = 'pg_catalog.pg_class'::regclass
    AND d.objid = c.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i') LIMIT 1)) AS of,
  CASE WHEN c.relkind IN ('r', 'm') THEN c.relfilenode::text ELSE '0' END AS file
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
 WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'i', 'I') AND ${own}
UNION ALL SELECT 'column', a.attrelid::text, a.attnum::int, ${named('c.relname')} || '.' || a.attname, a.attname::text, a.attrelid::text, '0'
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND ${own}
${ofTable('constraint', 'pg_constraint', 'conrelid', 'conname', " AND o.contype IN ('c', 'f', 'p', 'u', 'x')")}
${ofTable('trigger', 'pg_trigger', 'tgrelid', 'tgname', ' AND NOT o.tgisinternal')}
${ofTable('policy', 'pg_policy', 'polrelid', 'polname', '')}
UNION ALL SELECT 'function', p.oid::text, 0, ${named('p.proname')} || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', p.proname::text, NULL, '0'
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE ${own}
UNION ALL SELECT 'type', t.oid::text, 0, ${named('t.typname')}, t.typname::text, NULL, '0'
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
 WHERE (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c') AND ${own}
UNION ALL SELECT 'extension', e.oid::text, 0, e.extname::text, e.extname::text, NULL, '0' FROM pg_catalog.pg_extension e
UNION ALL SELECT 'schema', n.oid::text, 0, n.nspname::text, n.nspname::text, NULL, '0' FROM pg_catalog.pg_namespace n WHERE ${own}`

/** What the schema has, as the session sees it. */
export const catalogue = async (client: Client): Promise<readonly Thing[]> => (await client.query<Thing>(things)).rows

/** The same without names, as `numbered` words each, and its file: a third of the time. */
export const census = async (client: Client): Promise<ReadonlyMap<string, string>> => {
  const { rows } = await client.query<{ all: string | null }>(
    `SELECT pg_catalog.string_agg(kind || ' ' || oid || ' ' || sub || '=' || file, ',') AS all FROM (${things}) AS things`,
  )
  return new Map((rows[0]?.all ?? '').split(',').map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]))
}

/** What names one thing as long as it is there. */
export const numbered = ({ kind, oid, sub }: Thing): string => `${kind} ${oid} ${sub}`

const holding = new Set(['table', 'materialized view', 'column', 'sequence'])

/** Another one of its name is no replacement for it. */
export const holds = ({ kind }: Thing): boolean => holding.has(kind)
