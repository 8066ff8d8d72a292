import type { Environment } from '../../environment/schema.ts'
import { Unreachable } from '../../errors.ts'
import type { PostgresReader } from '../../systems/postgres/types.ts'

/** The application's variable that names its database, and is case-sensitive (ch08). */
export const databaseKey = 'POSTGRES_DB'

/**
 * The databases that there are, asked over one that can be opened: the application's own may be the name that is not there. Tries the pooler where the
 * direct endpoint does not answer. Throws what the last of them threw.
 */
export const databasesThere = async (postgres: PostgresReader, { database }: Pick<Environment, 'database'>): Promise<readonly string[]> => {
  const { direct, pooler } = await postgres.application()
  let last: unknown
  for (const endpoint of [direct, pooler])
    for (const name of new Set([endpoint.database, database.name, 'postgres'])) {
      try {
        return await postgres.databases({ ...endpoint, database: name })
      } catch (error) {
        last = error
        if (!(error instanceof Unreachable)) throw error
        // Who cannot be reached has no other database either.
        if (error.code !== 'postgres-no-database') break
      }
    }
  throw last
}
