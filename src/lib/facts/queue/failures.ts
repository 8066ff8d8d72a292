import { masked } from '../../masked.ts'
import type { Task } from '../../systems/redis/jobs.ts'

/** Failed jobs of one type that failed last with the same words. */
export interface Failures {
  readonly queue: string
  readonly state: 'archived' | 'retry'
  readonly type: string
  readonly error: string
  readonly count: number
  /** Unix seconds, of the latest: when it was archived, or is tried again. */
  readonly latest: number
  readonly ids: readonly string[]
}

/** Numbers, addresses and ids tell one failure from the next, and not one cause from another. */
const cause = (error: string): string => error.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\b0x[0-9a-f]+\b|\d+/gi, '#')

/** Failed jobs by type and last error, archived ones first, the most frequent before the others. */
export const failuresOf = (tasks: readonly Task[]): readonly Failures[] => {
  const groups = new Map<string, Task[]>()
  for (const task of tasks) {
    if (task.lost || (task.state !== 'archived' && task.state !== 'retry')) continue
    const key = JSON.stringify([task.state, task.queue, task.type, cause(task.error)])
    groups.set(key, [...(groups.get(key) ?? []), task])
  }
  return [...groups.values()]
    .flatMap((group): readonly Failures[] => {
      const newest = [...group].sort((a, b) => (b.at ?? 0) - (a.at ?? 0))
      const [latest] = newest
      return latest && (latest.state === 'archived' || latest.state === 'retry')
        ? [
            {
              queue: latest.queue,
              state: latest.state,
              type: latest.type,
              error: masked(latest.error),
              count: group.length,
              latest: latest.at ?? 0,
              ids: newest.map(({ id }) => id),
            },
          ]
        : []
    })
    .sort((a, b) => a.state.localeCompare(b.state) || b.count - a.count || a.type.localeCompare(b.type))
}
