import { chunksOf } from '../../chunks.ts'
import { Blocked, Usage } from '../../errors.ts'
import { sh } from '../../shell.ts'
import type { JobLock, JobQueue, Task, TaskState } from '../../systems/redis/jobs.ts'
import type { Readers } from '../../systems/systems.ts'
import { isReadOnly } from './named-queue.ts'

/** So many jobs of each state are looked at: asynq archives no more. */
export const most = 10_000

/** Jobs that were named, or all of a type in one state, as they were when the plan was made. */
export interface SelectedJobs {
  readonly target: string
  readonly readOnly: boolean
  /** Unix milliseconds, by the server's own clock. */
  readonly now: number
  /** What was typed: the type, or the ids. */
  readonly asked: string
  readonly jobs: readonly Task[]
  readonly queues: readonly JobQueue[]
  /** Unique locks whose job is gone, where those were asked for. */
  readonly locks: readonly JobLock[]
  /** False where there are more jobs than were looked at. */
  readonly complete: boolean
}

/** Reads the jobs of these ids, or those of this type in this state, or what is left of all that Redis evicted. Throws Usage where it is not one of these, Blocked where an id is no job's, or the job's of several queues. */
export const gatherJobs = async (
  ids: readonly string[],
  type: string | undefined,
  look: Readers<'redis'>,
  { id, state = 'archived', lost = false }: { readonly id: string; readonly state?: TaskState; readonly lost?: boolean },
): Promise<SelectedJobs> => {
  const ways = [type !== undefined, ids.length > 0, lost].filter(Boolean).length
  if (ways !== 1)
    throw new Usage({
      code: 'queue-which-jobs',
      failed: ways === 0 ? 'Neither an id nor --type was given' : `Ids and --type${lost ? ' and --lost' : ''} exclude each other`,
      next: sh`honeydue ${id} --type email:send --dry-run`,
    })
  const [target, readOnly, { queues, locks, now }] = await Promise.all([look.redis.target(), isReadOnly(look), look.redis.jobs(most)])
  const all = queues.flatMap(({ tasks }) => tasks)
  const wanted = [...new Set(ids)]
  const jobs = lost
    ? all.filter((task) => task.lost)
    : type === undefined
      ? [...new Set(wanted.flatMap((one) => namedBy(one, all)))]
      : all.filter((task) => task.type === type && task.state === state)
  const unknown = wanted.find((one) => namedBy(one, all).length === 0)
  if (unknown !== undefined)
    throw new Blocked({
      code: 'queue-no-job',
      failed: `There is no job ${unknown.slice(0, 80)}`,
      cause: 'The id is mistyped, or the job has run or was deleted meanwhile',
      next: 'honeydue queue:status',
    })
  const several = wanted.find((one) => namedBy(one, all).length > 1)
  if (several !== undefined)
    throw new Blocked({
      code: 'queue-which-job',
      failed: `${several.slice(0, 80)} is the id of several jobs`,
      cause: `asynq keeps ids apart within a queue alone: there are ${namedBy(several, all).map(fullName).join(', ')}`,
      next: sh`honeydue ${id} ${fullName(namedBy(several, all)[0])} --dry-run`,
    })
  return {
    target,
    readOnly,
    now,
    asked: lost ? 'lost' : (type ?? wanted.join(',')),
    jobs,
    queues,
    locks: lost ? locks.filter((lock) => lock.lost) : [],
    complete: queues.every((queue) => queue.complete),
  }
}

/** What tells a job from that of another queue with the same id. */
const fullName = (task: Task | undefined): string => (task ? `${task.queue}/${task.id}` : '')

/** The jobs that a word names: their id alone, or behind their queue's name, `default/3f2a…`. */
const namedBy = (word: string, all: readonly Task[]): readonly Task[] => all.filter((task) => task.id === word || fullName(task) === word)

/** So many ids fit into one line of a shell. */
const atOnce = 1000

/** How many jobs their queue holds that wait or have failed: what is done to a part of it is measured by that. */
export const waitingBeside = (jobs: readonly Task[], queues: readonly JobQueue[]): number =>
  queues
    .filter(({ queue }) => jobs.some((job) => job.queue === queue))
    .flatMap(({ tasks }) => tasks)
    .filter(({ state }) => state !== 'completed').length

/** Jobs of one queue each, no more than fit into a line. */
export const partsOf = (jobs: readonly Task[]): readonly (readonly Task[])[] => {
  const queues = [...new Set(jobs.map(({ queue }) => queue))]
  return queues.flatMap((queue) =>
    chunksOf(
      jobs.filter((job) => job.queue === queue),
      atOnce,
    ),
  )
}
