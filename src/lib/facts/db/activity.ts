import { Blocked, reasonOf, Trouble, Unreachable } from '../../errors.ts'
import type { AdvisoryLock, Capacity, EndpointFacts, OtherHolder, PostgresReader, Session } from '../../systems/postgres/types.ts'
import { answer } from '../answer.ts'

export type Via = 'direct' | 'pooler' | 'unknown'

/** What db:locks, db:connections and db:unlock look at. */
export interface Activity {
  readonly host: string
  readonly sessions: readonly (Session & { readonly via: Via })[]
  /** What is in the way of sessions, and is none itself. */
  readonly others: readonly OtherHolder[]
  readonly advisory: readonly AdvisoryLock[]
  /** Of the server: every database's clients count against its limit. */
  readonly capacity: Capacity
  /** False when the pooler did not answer: `via` is then unknown. */
  readonly told: boolean
}

/** Reads through the direct host, and asks the pooler only how the server sees its clients. Connecting wakes a sleeping compute. */
export const gatherActivity = async (postgres: PostgresReader): Promise<Activity> => {
  const { direct, pooler } = await postgres.application()
  // Over a slow line the login takes longer than the question: it is done meanwhile.
  const opening = answer(postgres.open(pooler))
  const [here, looked] = await Promise.all([
    postgres.endpoint(direct),
    answer(Promise.all([postgres.sessions(direct), postgres.advisoryLocks(direct), postgres.capacity(direct)])),
  ])
  if (!here.reachable) throw here.trouble
  if (here.pooled) {
    throw new Blocked({
      code: 'db-not-direct',
      failed: `${direct.host} answers as a pooler`,
      cause: 'Its process id is not that of the backend: what it shows belongs to whoever borrowed the connection',
      next: 'honeydue db:status',
    })
  }
  if (!looked.answered) throw looked.error
  const [sessions, advisory, capacity] = looked.value
  const known = new Set(sessions.map(({ pid }) => pid))
  const strange = [...new Set(sessions.flatMap(({ blockedBy }) => blockedBy))].filter((pid) => !known.has(pid))
  const others = strange.length === 0 ? [] : await postgres.otherHolders(direct, strange)
  // Last: our question borrows a server connection too, and would stand in it as its last application and query. What was not reached is not waited for twice.
  const there = (await opening).answered ? await postgres.endpoint(pooler) : undefined
  const via = viaOf(here.clientAddress, there)
  return {
    host: direct.host,
    sessions: sessions.map((session) => ({ ...session, via: via(session.clientAddress) })),
    others,
    advisory,
    capacity,
    told: there?.reachable === true && there.clientAddress !== here.clientAddress,
  }
}

/**
 * The same where the direct host takes no further connection: through the pooler, whose server connections are open already. Which of the
 * sessions are its own is not known then. Throws why the direct host refused where the pooler does not answer either.
 */
export const gatherThroughPooler = async (postgres: PostgresReader, refused: Trouble): Promise<Activity> => {
  const { pooler } = await postgres.application()
  try {
    const [sessions, capacity] = await Promise.all([postgres.sessions(pooler), postgres.capacity(pooler)])
    return {
      host: pooler.host,
      sessions: sessions.map((session) => ({ ...session, via: 'unknown' })),
      others: [],
      advisory: [],
      capacity,
      told: false,
    }
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    throw new Unreachable(
      {
        code: refused.code,
        failed: refused.failed,
        cause: `${refused.likely ?? ''}; through the pooler it is not to be seen either: ${reasonOf(error)}`,
        next: 'honeydue cluster:health',
      },
      { cause: refused },
    )
  }
}

/** A sentence for the end of every view: what looking has cost. */
export const wakes = 'Connecting wakes a compute that had scaled to zero; this did, if it slept'

/** Told by address: the pooler connects from its own, every other client comes through the proxy. */
const viaOf =
  (own: string | null, pooler: EndpointFacts | undefined) =>
  (address: string | null): Via => {
    if (!pooler?.reachable || pooler.clientAddress === own) return 'unknown'
    return address === pooler.clientAddress ? 'pooler' : 'direct'
  }
