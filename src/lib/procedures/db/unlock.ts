import { Blocked } from '../../plan/errors.ts'
import { type Finding, fails, holds, when } from '../../plan/finding.ts'
import { type Activity, gatherActivity } from '../../reports/db/activity.ts'
import { heldLocks } from '../../reports/db/locks.ts'
import type { PostgresTarget } from '../../systems/postgres/types.ts'
import type { Readers, Writers } from '../../systems/systems.ts'

/** The one backend that is to end, and what it has. */
export interface UnlockFacts {
  readonly target: PostgresTarget
  readonly backend: Activity['sessions'][number]
  readonly locks: readonly string[]
  readonly waiting: number
  readonly stranded: boolean
}

/** Reads what a backend runs and holds; throws Blocked when there is no such backend. */
export const gatherUnlock = async (
  pid: number,
  direct: PostgresTarget,
  pooler: PostgresTarget,
  look: Readers<'postgres'>,
): Promise<UnlockFacts> => {
  const activity = await gatherActivity(direct, pooler, look.postgres)
  const backend = activity.sessions.find((session) => session.pid === pid)
  if (!backend)
    throw new Blocked({
      code: 'db-no-backend',
      failed: `No session of ${direct.database} has the pid ${pid}`,
      cause: 'It has ended, or it is not a client',
      next: 'honeydue db:locks',
    })
  const held = heldLocks(activity).filter((lock) => lock.pid === pid)
  return {
    target: direct,
    backend,
    locks: held.map(({ key }) => key),
    waiting: activity.sessions.filter(({ blockedBy }) => blockedBy.includes(pid)).length,
    stranded: held.some(({ stranded }) => stranded),
  }
}

/** Ends exactly one backend: the one that was shown, in the state in which it was shown. */
export const unlockSteps = (facts: UnlockFacts) => [
  {
    title: `End backend ${facts.backend.pid}`,
    effect: [
      {
        what: `backend ${facts.backend.pid} of ${facts.backend.application || 'no name'}, ${facts.backend.state}: ${facts.backend.query.slice(0, 200)}`,
        before: [`${facts.waiting} waiting for it`, ...facts.locks.map((key) => `advisory lock ${key}`)].join(', '),
        after: 'ended, its locks released',
      },
    ],
    check: async (): Promise<Finding> =>
      when(
        facts.backend.user === facts.target.user,
        `backend ${facts.backend.pid} belongs to ${facts.backend.user}: only one's own can be ended`,
      ),
    apply: (write: Writers<'postgres'>) => write.postgres.endBackend(facts.target, facts.backend),
    verify: async (look: Readers<'postgres'>): Promise<Finding> => {
      const left = (await look.postgres.sessions(facts.target)).some(
        ({ pid, backendStart }) => pid === facts.backend.pid && backendStart === facts.backend.backendStart,
      )
      return left ? fails(`backend ${facts.backend.pid} is still there`) : holds
    },
    undo: { impossible: 'a session that has ended does not come back; a transaction it was in is rolled back' },
  },
]
