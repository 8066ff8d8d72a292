import { Blocked } from '../../errors.ts'
import { type Activity, gatherActivity } from '../../facts/db/activity.ts'
import { chainsOf, heldLocks } from '../../facts/db/locks.ts'
import { text } from '../../plan/choice.ts'
import { fails, holds, when } from '../../plan/finding.ts'
import { defineProcedure, type Offer } from '../../plan/procedure.ts'
import type { PostgresTarget } from '../../systems/postgres/types.ts'

/** The one backend that is to end, and what it has. */
export interface UnlockFacts {
  readonly target: PostgresTarget
  readonly backend: Activity['sessions'][number]
  readonly locks: readonly string[]
  readonly waiting: number
}

/** Ends exactly one backend: the one that was shown, in the state in which it was shown. */
export const unlock = defineProcedure({
  id: 'db:unlock',
  title: 'End one database session that holds a lock',
  needs: ['postgres'],
  choices: {
    pid: text({
      about: "the backend's process id, as db:locks shows it",
      ask: 'Which backend?',
      refuse: (value) => (/^[1-9]\d{0,9}$/.test(value) ? undefined : `"${value}" is no process id`),
    }),
  },
  offers: { pid: async (look) => holders(await gatherActivity(look.postgres)) },
  risk: () => 'irreversible',
  gather: async (input, look): Promise<UnlockFacts> => {
    const pid = Number(input.pid)
    const [{ direct }, activity] = await Promise.all([look.postgres.application(), gatherActivity(look.postgres)])
    const backend = activity.sessions.find((session) => session.pid === pid)
    if (!backend) {
      const other = activity.others.find((one) => one.pid === pid)
      throw new Blocked({
        code: 'db-no-backend',
        failed: `No session of ${direct.database} has the pid ${pid}`,
        cause: other
          ? `It is ${other.kind} ${other.database && `of ${other.database}`}: only a client of this database can be ended`
          : 'It has ended, or it is not a client',
        next: 'honeydue db:locks',
      })
    }
    const waiting = activity.sessions.filter(({ blockedBy }) => blockedBy.includes(pid)).length
    return { target: direct, backend, locks: heldLocks(activity).flatMap((lock) => (lock.pid === pid ? [lock.key] : [])), waiting }
  },
  subject: ({ backend }) => String(backend.pid),
  target: ({ backend }) => [
    `backend ${backend.pid} since ${backend.backendStart}, ${backend.application || 'no name'}, ${backend.state}, through ${backend.via}`,
    `it runs, or ran last: ${backend.query.replace(/\s+/g, ' ').slice(0, 200)}`,
  ],
  beyond: ({ backend }) =>
    backend.via === 'direct'
      ? []
      : ['Through a pooler the session belongs to whoever borrowed it last: its name is no proof of who took the lock'],
  steps: ({ target, backend, locks, waiting }) => [
    {
      title: `End backend ${backend.pid}`,
      effect: [
        {
          what: `backend ${backend.pid}, ${backend.state}`,
          before: locks.length === 0 ? 'connected' : `holds advisory lock ${locks.join(', ')}`,
          after: 'ended, its locks released, its transaction rolled back',
          note: `${waiting} waiting for it`,
        },
      ],
      check: async () =>
        when(
          backend.user === target.user,
          `backend ${backend.pid} belongs to ${backend.user}: only sessions of ${target.user} can be ended`,
        ),
      apply: (write) => write.postgres.endBackend(target, backend),
      verify: async (look) => {
        const sessions = await look.postgres.sessions(target)
        const left = sessions.some(({ pid, backendStart }) => pid === backend.pid && backendStart === backend.backendStart)
        return left ? fails(`backend ${backend.pid} is still there`) : holds
      },
      shows: (prove) => prove.postgres.sessionGone(target, backend),
      undo: { impossible: 'a session that has ended does not come back, and its transaction is rolled back' },
    },
  ],
})

/** Every session that holds an advisory lock or that others wait for; first those whose end frees others and loses least. */
const holders = (activity: Activity): readonly Offer[] => {
  const chains = chainsOf(activity)
  const keys = new Map<number, string[]>()
  for (const { pid, key } of heldLocks(activity)) keys.set(pid, [...(keys.get(pid) ?? []), key])
  const waiting = new Map(chains.map((chain) => [chain.pid, `${chain.waiting.length} waiting`]))
  for (const { middle, freed } of chains) for (const { pid } of middle) waiting.set(pid, `waits itself, and keeps ${freed} waiting`)
  const first = (pid: number): number => (chains.some(({ middle }) => middle.some((one) => one.pid === pid)) ? 0 : 1)
  return activity.sessions
    .filter(({ pid }) => keys.has(pid) || waiting.has(pid))
    .map(({ pid, application, state, via }) => {
      const has = [...(keys.has(pid) ? [`holds ${keys.get(pid)?.join(', ')}`] : []), waiting.get(pid) ?? ''].filter(Boolean)
      return { value: String(pid), about: [application || 'no name', state, via, ...has].join(', '), pid }
    })
    .sort((a, b) => first(a.pid) - first(b.pid))
    .map(({ value, about }) => ({ value, about }))
}
