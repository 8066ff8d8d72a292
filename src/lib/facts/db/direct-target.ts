import type { PostgresReader, PostgresTarget } from '../../systems/postgres/types.ts'
import { pooled } from './gather-migrations.ts'

/** The direct host with the live credentials, seen to answer and to be no pooler. */
export const directTarget = async (postgres: PostgresReader): Promise<PostgresTarget> => {
  const { direct } = await postgres.application()
  const here = await postgres.endpoint(direct)
  if (!here.reachable) throw here.trouble
  if (here.pooled) throw pooled(direct.host)
  return direct
}
