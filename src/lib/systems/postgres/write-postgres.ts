import { Moved } from '../../errors.ts'
import { markStatements } from './catalog.ts'
import type { Connection } from './connection.ts'
import type { Over } from './read-postgres.ts'
import { alterPassword } from './role-password.ts'
import { dropStatement, endStatement, invalidStatement, rebuildStatement } from './statements.ts'
import type { InvalidIndex, PostgresWriter } from './types.ts'

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
  setPassword: async (target, { as, next }) => {
    const [password, value] = await Promise.all([as.read(), next.read()])
    await over({ ...target, password }, (connection) => alterPassword(connection, value.reveal()))
  },
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
  const found = await connection.query(invalidStatement('$1', '$2'), [index.schema, index.name])
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
