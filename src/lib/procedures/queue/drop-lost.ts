import { counted } from '../../counted.ts'
import { most, partsOf, type SelectedJobs } from '../../facts/queue/selected-jobs.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import type { JobLock, Task } from '../../systems/redis/jobs.ts'
import type { Readers } from '../../systems/systems.ts'

/** What is left of evicted jobs, queue by queue: asynq finds nothing to drop under their ids, and a lock without a job refuses equal ones. */
export const lostIn = (facts: SelectedJobs): readonly Change<'redis'>[] => {
  const queues = [...new Set([...facts.jobs, ...facts.locks].map(({ queue }) => queue))]
  return queues.flatMap((queue) => {
    const parts = partsOf(facts.jobs.filter((job) => job.queue === queue))
    const locks = facts.locks.filter((lock) => lock.queue === queue)
    return (parts.length === 0 ? [[]] : parts).map((part, i) => dropLost(facts, queue, part, i === 0 ? locks : []))
  })
}

/** Who popped an evicted job has nothing to do; who had it when it was evicted may still work on it. */
const isFree = ({ id, state, at }: Task, now: number): Finding =>
  when(
    state !== 'active' || at === undefined || at * 1000 < now,
    `a worker may have job ${id}: its lease has not ended; try again in a minute`,
  )

const dropLost = (
  { target, readOnly, now }: SelectedJobs,
  queue: string,
  jobs: readonly Task[],
  locks: readonly JobLock[],
): Change<'redis'> => {
  const [ids, keys] = [jobs.map(({ id }) => id), locks.map(({ key }) => key)]
  const states = [...new Set(jobs.map(({ state }) => state))].join(', ')
  return {
    title: `Drop what Redis evicted of queue ${queue.slice(0, 24)}`,
    effect: [
      ...(ids.length > 0
        ? [{ what: 'ids without a job', before: states, after: 'gone', note: counted(ids.length, 'id'), count: ids.length }]
        : []),
      ...(keys.length > 0
        ? [
            {
              what: `unique locks of ${[...new Set(locks.map(({ type }) => type))].join(', ')}, held by no job`,
              before: 'equal jobs are refused',
              after: 'equal jobs are taken',
              note: counted(keys.length, 'lock'),
              count: keys.length,
            },
          ]
        : []),
    ],
    check: async () => every([when(!readOnly, `Redis at ${target} is a read-only replica`), ...jobs.map((job) => isFree(job, now))]),
    apply: (write) => write.redis.dropLost(queue, { ids, locks: keys }),
    verify: (look) => cleared(queue, ids, keys, look),
    undo: { impossible: 'What the ids stood for was gone before: there is nothing to bring back' },
  }
}

/** None of the ids stands anywhere without its job, and none of the locks is left. */
const cleared = async (queue: string, ids: readonly string[], keys: readonly string[], { redis }: Readers<'redis'>): Promise<Finding> => {
  const now = await redis.jobs(most)
  const left = now.queues.flatMap((one) => (one.queue === queue ? one.tasks.filter(({ id, lost }) => lost && ids.includes(id)) : []))
  const held = now.locks.filter(({ key, lost }) => lost && keys.includes(key))
  if (left.length > 0) return fails(`${counted(left.length, 'id')} of queue ${queue} ${left.length === 1 ? 'is' : 'are'} still there`)
  return held.length > 0 ? fails(`${counted(held.length, 'unique lock')} ${held.length === 1 ? 'is' : 'are'} still there`) : holds
}
