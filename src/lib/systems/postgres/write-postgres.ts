import { Moved } from '../../errors.ts'
import type { Said } from '../systems.ts'
import { identifier, markStatements } from './catalog.ts'
import type { Connection } from './connection.ts'
import type { Over } from './read-postgres.ts'
import type { InvalidIndex, PostgresTarget, PostgresWriter } from './types.ts'

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** One statement, conditional on all that names the backend: the pid alone may be another's by now. */
const endStatement = (pid: string, start: string, state: string) =>
  `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity WHERE pid = ${pid} AND backend_start = ${start}::timestamptz AND state = ${state} AND usename = current_user`

const dropStatement = ({ schema, name }: Pick<InvalidIndex, 'schema' | 'name'>) =>
  `DROP INDEX CONCURRENTLY ${identifier(schema)}.${identifier(name)}`

const rebuildStatement = ({ schema, name }: Pick<InvalidIndex, 'schema' | 'name'>) =>
  `REINDEX INDEX CONCURRENTLY ${identifier(schema)}.${identifier(name)}`

/** The writing half: see `PostgresWriter`. */
export const writePostgres = (over: Over): PostgresWriter => ({
  endBackend: (target, { pid, backendStart, state }) =>
    over(target, async (connection) => {
      const [row] = await connection.query<{ ended: boolean }>(endStatement('$1', '$2', '$3'), [pid, backendStart, state])
      if (row?.ended) return
      throw new Moved({
        code: 'backend-moved',
        failed: `Backend ${pid} is no longer the one that was shown`,
        state: 'It was not ended.',
        cause: `It ended, belongs to another role, or left the state "${state}"`,
        next: 'honeydue db:locks',
      })
    }),
  dropInvalidIndex: (target, index) => over(target, (connection) => onInvalid(connection, index, dropStatement(index))),
  rebuildInvalidIndex: (target, index) => over(target, (connection) => onInvalid(connection, index, rebuildStatement(index))),
  markVersions: (target, versions, schema) =>
    over(target, async (connection) => {
      await connection.query('BEGIN')
      try {
        await connection.query("SELECT set_config('lock_timeout', '5000', true)")
        for (const statement of markStatements(versions, schema)) await connection.query(statement)
        await connection.query('COMMIT')
      } catch (error) {
        await connection.query('ROLLBACK').catch(() => {})
        throw error
      }
    }),
})

/** CONCURRENTLY refuses a transaction, so SET LOCAL is no way: the kept connection is ours alone on the direct host. */
const onInvalid = async (connection: Connection, index: Pick<InvalidIndex, 'schema' | 'name'>, statement: string): Promise<void> => {
  await connection.query("SELECT set_config('lock_timeout', '5000', false)")
  const found = await connection.query(
    'SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid AND n.nspname = $1 AND c.relname = $2',
    [index.schema, index.name],
  )
  if (found.length === 0)
    throw new Moved({
      code: 'index-moved',
      failed: `Index ${index.schema}.${index.name} is not invalid any more`,
      state: 'It was left alone.',
      next: 'honeydue db:migrations',
    })
  await connection.query(statement, [], longest)
}

/** For building an index over a large table: milliseconds. */
const longest = 3_600_000

const psql = (target: PostgresTarget, sql: string): string =>
  `PGPASSWORD="$POSTGRES_PASSWORD" psql "host=${target.host} port=${target.port} user=${target.user} dbname=${target.database} sslmode=verify-full sslrootcert=system" -c ${shell(sql)}`

const shell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** The shell line of every writer call. */
export const sayPostgres = {
  endBackend: (target: PostgresTarget, backend: Parameters<PostgresWriter['endBackend']>[1]): Said => ({
    line: psql(target, endStatement(String(backend.pid), literal(backend.backendStart), literal(backend.state))),
    target: `backend ${backend.pid} of ${target.database}`,
  }),
  dropInvalidIndex: (target: PostgresTarget, index: Parameters<PostgresWriter['dropInvalidIndex']>[1]): Said => ({
    line: psql(target, dropStatement(index)),
    target: `index ${index.schema}.${index.name}`,
  }),
  rebuildInvalidIndex: (target: PostgresTarget, index: Parameters<PostgresWriter['rebuildInvalidIndex']>[1]): Said => ({
    line: psql(target, rebuildStatement(index)),
    target: `index ${index.schema}.${index.name}`,
  }),
  markVersions: (target: PostgresTarget, versions: readonly bigint[], schema: string): Said => ({
    line: psql(target, ['BEGIN', "SET LOCAL lock_timeout = '5s'", ...markStatements(versions, schema), 'COMMIT'].join('; ')),
    target: `${schema}.goose_db_version of ${target.database}`,
  }),
}
