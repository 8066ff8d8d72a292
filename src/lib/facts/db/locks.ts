import type { OtherHolder } from '../../systems/postgres/types.ts'
import type { Activity } from './activity.ts'

type Seen = Activity['sessions'][number]

/** One holder that others wait for, directly or through others, and that waits for nobody. */
export interface Chain {
  /** 0 for a prepared transaction, which has no backend. */
  readonly pid: number
  /** A client of this database. */
  readonly holder: Seen | undefined
  /** What it is where it is none: autovacuum, a prepared transaction, another database's session. */
  readonly others: readonly OtherHolder[]
  /** Each once, those that wait for it directly first. */
  readonly waiting: readonly Seen[]
  /** Those in the queue without which everybody behind them would go on, though the holder stays. */
  readonly middle: readonly Seen[]
  /** How many would. */
  readonly freed: number
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
export const chainsOf = ({ sessions, others }: Activity): readonly Chain[] => {
  const byPid = new Map(sessions.map((session) => [session.pid, session]))
  const waiters = sessions.filter(({ blockedBy }) => blockedBy.length > 0)
  const behind = new Map<number, Seen[]>()
  for (const session of waiters)
    for (const pid of new Set(session.blockedBy)) {
      const so = behind.get(pid)
      if (so) so.push(session)
      else behind.set(pid, [session])
    }
  const roots = [...behind.keys()].filter((pid) => (byPid.get(pid)?.blockedBy.length ?? 0) === 0)
  const reached = new Set<number>()
  const chain = (pid: number): Chain => {
    const waiting = queueOf(pid, behind)
    for (const session of waiting) reached.add(session.pid)
    return { pid, holder: byPid.get(pid), others: others.filter((one) => one.pid === pid), waiting, ...middleOf(pid, waiting) }
  }
  const chains = roots.map(chain)
  // Two that wait for each other have no root, until the server ends one of them.
  for (const { pid } of waiters) if (!reached.has(pid)) chains.push(chain(pid))
  return chains.sort((a, b) => b.waiting.length - a.waiting.length)
}

const queueOf = (root: number, behind: ReadonlyMap<number, readonly Seen[]>): readonly Seen[] => {
  const seen = new Set([root])
  const queue: Seen[] = []
  for (let at: number | undefined = root, next = 0; at !== undefined; at = queue[next++]?.pid)
    for (const session of behind.get(at) ?? [])
      if (!seen.has(session.pid)) {
        seen.add(session.pid)
        queue.push(session)
      }
  return queue
}

/** Whoever waits for a row's turn alone would meet its holder next. */
const waitsForTurn = ({ wait }: Seen): boolean => wait === 'Lock: tuple'

const middleOf = (root: number, waiting: readonly Seen[]): Pick<Chain, 'middle' | 'freed'> => {
  const later = waiting
    .filter((session) => !session.blockedBy.includes(root) && !waitsForTurn(session))
    // Whoever came later waits for more.
    .sort((a, b) => a.blockedBy.length - b.blockedBy.length)
  const blockers = new Set(later.flatMap(({ blockedBy }) => blockedBy))
  const middle = waiting.filter((session) => session.blockedBy.includes(root) && blockers.has(session.pid))
  const gone = new Set(middle.map(({ pid }) => pid))
  const freed = later.filter(({ pid, blockedBy }) => !gone.has(pid) && blockedBy.every((one) => gone.has(one)) && gone.add(pid))
  return freed.length > 0 ? { middle, freed: freed.length } : { middle: [], freed: 0 }
}

/** Whom a session waits for next: those of its blockers that no other of them waits for itself. */
export const nextBefore = ({ blockedBy }: Seen, byPid: ReadonlyMap<number, Seen>): readonly number[] => {
  const blockers = [...new Set(blockedBy)].sort((a, b) => (byPid.get(b)?.blockedBy.length ?? 0) - (byPid.get(a)?.blockedBy.length ?? 0))
  const covered = new Set<number>()
  return blockers.filter((pid) => {
    if (covered.has(pid)) return false
    for (const before of byPid.get(pid)?.blockedBy ?? []) covered.add(before)
    return true
  })
}

export const heldLocks = ({ sessions, advisory }: Activity): readonly HeldLock[] => {
  const byPid = new Map(sessions.map((session) => [session.pid, session]))
  return advisory
    .filter(({ granted }) => granted)
    .map(({ key, pid }) => {
      const holder = byPid.get(pid)
      return { key, pid, holder, stranded: holder?.via === 'pooler' && holder.state === 'idle' }
    })
}
