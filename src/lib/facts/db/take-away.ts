import type { SchemaDifference } from './schema-difference.ts'

/** Statements that take away what a file has made, what depends on it first; `words`: what no statement brings back. */
export const takeAway = (
  changes: readonly SchemaDifference[],
): { readonly statements: readonly string[]; readonly words: readonly string[] } => {
  const made = changes.filter(({ here, there }) => here === undefined && there !== undefined)
  const tables = new Set(made.flatMap(({ what }) => /^table (.+)$/.exec(what)?.[1] ?? []))
  const statements = made.flatMap(({ what }) => {
    const of = /^column (.+)\.[^.]+$/.exec(what)?.[1] ?? / of (\S+)$/.exec(what)?.[1]
    const found = of !== undefined && tables.has(of) ? undefined : rules.map(([when, say], rank) => ({ rank, said: when.exec(what), say }))
    const rule = found?.find(({ said }) => said !== null)
    return rule?.said ? [{ rank: rule.rank, sql: `${rule.say(...rule.said.slice(1))};` }] : []
  })
  const words = changes.flatMap(({ what, here, there }) =>
    here === undefined
      ? []
      : [there === undefined ? `${what} is gone: it comes back only from the history at Neon` : `${what} was "${here}" and is "${there}"`],
  )
  return { statements: statements.sort((a, b) => a.rank - b.rank).map(({ sql }) => sql), words }
}

const named = (name = ''): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)
/** An index is named without its schema, which is its table's. */
const beside = (table = '', name = ''): string => `${/^(.+)\.[^.]+$/.exec(table)?.[1] ?? 'public'}.${named(name)}`

type Rule = readonly [RegExp, (...parts: readonly (string | undefined)[]) => string]

/** In the order in which they go. */
const rules: readonly Rule[] = [
  [/^trigger (.+) of (\S+)$/, (name, table) => `DROP TRIGGER ${named(name)} ON ${table}`],
  [/^policy (.+) of (\S+)$/, (name, table) => `DROP POLICY ${named(name)} ON ${table}`],
  [/^row security (.+)$/, (table) => `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`],
  [/^rule (.+) of (\S+)$/, (name, table) => `DROP RULE ${named(name)} ON ${table}`],
  [/^statistics (.+) of (\S+)$/, (name, table) => `DROP STATISTICS ${beside(table, name)}`],
  [/^materialized view (.+)$/, (name) => `DROP MATERIALIZED VIEW ${name}`],
  [/^view (.+)$/, (name) => `DROP VIEW ${name}`],
  [/^constraint (.+) of (\S+)$/, (name, table) => `ALTER TABLE ${table} DROP CONSTRAINT ${named(name)}`],
  [/^index (.+) of (\S+)$/, (name, table) => `DROP INDEX ${beside(table, name)}`],
  [/^column (.+)\.([^.]+)$/, (table, name) => `ALTER TABLE ${table} DROP COLUMN ${named(name)}`],
  [/^table (.+)$/, (name) => `DROP TABLE ${name}`],
  [/^aggregate (.+)$/, (name) => `DROP AGGREGATE ${name}`],
  [/^function (.+)$/, (name) => `DROP ROUTINE ${name}`],
  [/^sequence (.+)$/, (name) => `DROP SEQUENCE ${name}`],
  [/^domain (.+)$/, (name) => `DROP DOMAIN ${name}`],
  [/^(?:enum|composite type|range type) (.+)$/, (name) => `DROP TYPE ${name}`],
  [/^schema (.+)$/, (name) => `DROP SCHEMA ${named(name)}`],
  [/^extension (.+)$/, (name) => `DROP EXTENSION ${named(name)}`],
]
