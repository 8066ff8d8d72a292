import { identifier } from './catalog.ts'
import type { InvalidIndex } from './types.ts'

/** A text as SQL takes it, whatever standard_conforming_strings is: as quote_literal() writes it. */
export const literal = (text: string): string => {
  const quoted = text.replaceAll("'", "''")
  return text.includes('\\') ? ` E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}

/** One statement, conditional on all that names the backend: the pid alone may be another's by now. */
export const endStatement = (pid: string, start: string, state: string) =>
  `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity WHERE pid = ${pid} AND backend_start = ${start}::timestamptz AND state = ${state} AND usename = current_user`

export const dropStatement = ({ schema, name }: Pick<InvalidIndex, 'schema' | 'name'>) =>
  `DROP INDEX CONCURRENTLY ${identifier(schema)}.${identifier(name)}`

export const rebuildStatement = ({ schema, name }: Pick<InvalidIndex, 'schema' | 'name'>) =>
  `REINDEX INDEX CONCURRENTLY ${identifier(schema)}.${identifier(name)}`

/** A row where the index is there and not valid. */
export const invalidStatement = (schema: string, name: string): string =>
  `SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid AND n.nspname = ${schema} AND c.relname = ${name}`
