import { Blocked } from '../../errors.ts'
import type { AdvisoryLock, EndpointFacts, OtherHolder, PostgresReader, Session } from '../../systems/postgres/types.ts'

export type Via = 'direct' | 'pooler' | 'unknown'

/** What db:locks, db:connections and db:unlock look at. */
export interface Activity {
  readonly host: string
  readonly sessions: readonly (Session & { readonly via: Via })[]
  /** What is in the way of sessions, and is none itself. */
  readonly others: readonly OtherHolder[]
  readonly advisory: readonly AdvisoryLock[]
  readonly maxConnections: number
  /** False when the pooler did not answer: `via` is then unknown. */
  readonly told: boolean
}

/** Reads through the direct host, and asks the pooler only how the server sees its clients. Connecting wakes a sleeping compute. */
export const gatherActivity = async (postgres: PostgresReader): Promise<Activity> => {
  const { direct, pooler } = await postgres.application()
  const here = await postgres.endpoint(direct)
  if (!here.reachable) throw here.trouble
  if (here.pooled) {
    throw new Blocked({
      code: 'db-not-direct',
      failed: `${direct.host} answers as a pooler`,
      cause: 'Its process id is not that of the backend: what it shows belongs to whoever borrowed the connection',
      next: 'honeydue db:status',
    })
  }
  const [sessions, advisory] = await Promise.all([postgres.sessions(direct), postgres.advisoryLocks(direct)])
  const known = new Set(sessions.map(({ pid }) => pid))
  const strange = [...new Set(sessions.flatMap(({ blockedBy }) => blockedBy))].filter((pid) => !known.has(pid))
  const others = strange.length === 0 ? [] : await postgres.otherHolders(direct, strange)
  // Last: our question borrows a server connection too, and would stand in it as its last application and query.
  const there = await postgres.endpoint(pooler)
  const via = viaOf(here.clientAddress, there)
  return {
    host: direct.host,
    sessions: sessions.map((session) => ({ ...session, via: via(session.clientAddress) })),
    others,
    advisory,
    maxConnections: here.maxConnections,
    told: there.reachable && there.clientAddress !== here.clientAddress,
  }
}

/** A sentence for the end of every view: what looking has cost. */
export const wakes = 'Connecting wakes a compute that had scaled to zero; this did, if it slept'

/** Told by address: the pooler connects from its own, every other client comes through the proxy. */
const viaOf =
  (own: string | null, pooler: EndpointFacts) =>
  (address: string | null): Via => {
    if (!pooler.reachable || pooler.clientAddress === own) return 'unknown'
    return address === pooler.clientAddress ? 'pooler' : 'direct'
  }
