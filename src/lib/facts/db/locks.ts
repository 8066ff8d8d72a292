import type { Activity } from './activity.ts'

type Seen = Activity['sessions'][number]

/** One backend that others wait for, directly or through others, and that waits for nobody. */
export interface Chain {
  /** Undefined for a prepared transaction, which has no backend. */
  readonly holder: Seen | undefined
  readonly pid: number
  readonly waiting: readonly Seen[]
}

/** A granted advisory lock with the backend that has it. */
export interface HeldLock {
  readonly key: string
  readonly pid: number
  readonly holder: Seen | undefined
  /** Idle in the pool: the client that took it is gone or elsewhere, and nothing will release it. */
  readonly stranded: boolean
}

/** Blocking chains by their root, the most waiting first. */
export const chainsOf = ({ sessions }: Activity): readonly Chain[] => {
  const byPid = new Map(sessions.map((session) => [session.pid, session]))
  const rootsOf = (pid: number, seen: ReadonlySet<number>): readonly number[] => {
    const blockers = byPid.get(pid)?.blockedBy ?? []
    if (blockers.length === 0 || seen.has(pid)) return [pid]
    return blockers.flatMap((blocker) => rootsOf(blocker, new Set([...seen, pid])))
  }
  const waiting = new Map<number, Seen[]>()
  for (const session of sessions.filter(({ blockedBy }) => blockedBy.length > 0)) {
    for (const root of new Set(rootsOf(session.pid, new Set()))) waiting.set(root, [...(waiting.get(root) ?? []), session])
  }
  return [...waiting]
    .map(([pid, all]) => ({ pid, holder: byPid.get(pid), waiting: all }))
    .sort((a, b) => b.waiting.length - a.waiting.length)
}

export const heldLocks = ({ sessions, advisory }: Activity): readonly HeldLock[] =>
  advisory
    .filter(({ granted }) => granted)
    .map(({ key, pid }) => {
      const holder = sessions.find((session) => session.pid === pid)
      return { key, pid, holder, stranded: holder?.via === 'pooler' && holder.state === 'idle' }
    })
