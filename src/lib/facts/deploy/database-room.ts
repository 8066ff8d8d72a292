import { counted } from '../../counted.ts'
import { reasonOf } from '../../errors.ts'
import type { Context } from '../../plan/context.ts'
import { type Finding, fails, holds } from '../../plan/finding.ts'
import type { Readers } from '../../systems/systems.ts'
import type { Workload } from './workload.ts'

/** What further pods' connections meet at the database; `unknown`: why it could not be asked. */
export interface DatabaseRoom {
  readonly unknown?: string
  /** A pooler lends its server connections by the transaction: pods do not take them one each. */
  readonly pooled?: boolean
  readonly wanted?: number
  readonly open?: number
  readonly limit?: number
}

/** api opens its warm connections at every start (ch08); others open as they need. Undefined where a workload opens none on purpose. */
export const gatherDatabaseRoom = async (
  { name, namespace }: Workload,
  more: number,
  look: Readers<'kube' | 'postgres'>,
  { environment }: Context,
): Promise<DatabaseRoom | undefined> => {
  if (name !== 'api') return undefined
  try {
    const [{ direct }, host] = await Promise.all([
      look.postgres.application(),
      look.kube.configMap(namespace, environment.database.configMap).then((values) => values?.DB_HOST),
    ])
    if (host !== direct.host) return { pooled: true }
    const { open, max, reserved } = await look.postgres.capacity(direct)
    return { wanted: more * environment.warmup.pings, open, limit: max - reserved }
  } catch (error) {
    return { unknown: reasonOf(error) }
  }
}

/** Whether the server takes the connections that the pods open at their start. */
export const leavesConnections = (room: DatabaseRoom | undefined): Finding => {
  const { wanted, open, limit } = room ?? {}
  if (wanted === undefined || open === undefined || limit === undefined || open + wanted <= limit) return holds
  return fails(
    `they open ${counted(wanted, 'connection')} at their start, directly; ${open} of the server's ${limit} are open`,
    'honeydue db:connections',
  )
}
