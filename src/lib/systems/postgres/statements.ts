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

/** A row while the session is there. */
export const sessionStatement = (pid: number, start: string): string =>
  `SELECT pid FROM pg_stat_activity WHERE pid = ${pid} AND backend_start = ${start}::timestamptz`

/** Its number, where a version has a row. goose asks for no more. */
export const appliedStatement = (version: bigint, schema: string): string =>
  `SELECT DISTINCT version_id FROM ${identifier(schema)}.goose_db_version WHERE version_id = ${version}`

/** Names of invalid indexes that nobody builds, but for those that are known. */
export const invalidStatementBut = (known: readonly string[]): string =>
  `SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relname <> ALL (ARRAY[${known.map(literal).join(', ')}]::text[])`

/** How many indexes are built or rebuilt at this moment. */
export const builtStatement = 'SELECT count(*) FROM pg_stat_progress_create_index'

/** A row where the index is there and not valid. */
export const invalidStatement = (schema: string, name: string): string =>
  `SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid AND n.nspname = ${schema} AND c.relname = ${name}`
