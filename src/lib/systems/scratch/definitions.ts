import type { SchemaObject } from '../postgres/types.ts'

/** Statements that make these objects in an empty database, in the given order, rows left out. */
export const definitions = (schema: readonly SchemaObject[]): readonly string[] => [
  // Functions may name tables that come later.
  'SET check_function_bodies = off',
  ...schema.flatMap((object) => {
    const made = definitionOf(object, schema)
    return made === undefined ? [] : [made.replace(' /* invalid */', '')]
  }),
]

const definitionOf = ({ kind, name, table, definition }: SchemaObject, schema: readonly SchemaObject[]): string | undefined => {
  switch (kind) {
    case 'extension':
      return `CREATE EXTENSION IF NOT EXISTS "${name}"`
    case 'schema':
      return `CREATE SCHEMA "${name}"`
    case 'enum':
      return `CREATE TYPE ${name} AS ENUM (${definition})`
    case 'sequence':
      return `CREATE SEQUENCE ${name} AS ${definition}`
    case 'table': {
      const columns = schema.filter((one) => one.kind === 'column' && one.table === table)
      return `CREATE ${definition} TABLE ${name} (${columns.map((one) => `"${one.name.slice(`${table}.`.length)}" ${one.definition}`).join(', ')})`
    }
    case 'constraint':
      return `ALTER TABLE ${table} ADD CONSTRAINT "${name}" ${definition}`
    case 'view':
      return `CREATE VIEW ${name} AS ${definition}`
    case 'materialized view':
      return `CREATE MATERIALIZED VIEW ${name} AS ${definition}`
    case 'function':
    case 'index':
    case 'trigger':
      return definition
    default:
      return undefined
  }
}
