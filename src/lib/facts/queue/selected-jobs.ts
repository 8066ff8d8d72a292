import { Blocked, Usage } from '../../errors.ts'
import { sh } from '../../shell.ts'
import type { JobQueue, Task } from '../../systems/redis/jobs.ts'
import type { Readers } from '../../systems/systems.ts'
import { isReadOnly } from './named-queue.ts'

/** So many jobs of each state are looked at: asynq archives no more. */
const most = 10_000

/** Jobs that were named, or all archived ones of a type, as they were when the plan was made. */
export interface SelectedJobs {
  readonly target: string
  readonly readOnly: boolean
  /** What was typed: the type, or the ids. */
  readonly asked: string
  readonly jobs: readonly Task[]
  readonly queues: readonly JobQueue[]
  /** False where there are more jobs than were looked at. */
  readonly complete: boolean
}

/** Reads the jobs of these ids, or the archived ones of this type. Throws Usage where it is not one of the two, Blocked where an id is no job's. */
export const gatherJobs = async (
  ids: readonly string[],
  type: string | undefined,
  look: Readers<'redis'>,
  id: string,
): Promise<SelectedJobs> => {
  if ((type === undefined) === (ids.length === 0))
    throw new Usage({
      code: 'queue-which-jobs',
      failed: type === undefined ? 'Neither an id nor --type was given' : 'Ids and --type exclude each other',
      next: sh`honeydue ${id} --type email:send --dry-run`,
    })
  const [target, readOnly, { queues }] = await Promise.all([look.redis.target(), isReadOnly(look), look.redis.jobs(most)])
  const all = queues.flatMap(({ tasks }) => tasks)
  const wanted = [...new Set(ids)]
  const jobs =
    type === undefined
      ? wanted.flatMap((one) => all.find((task) => task.id === one) ?? [])
      : all.filter((task) => task.type === type && task.state === 'archived')
  const unknown = wanted.find((one) => !jobs.some((task) => task.id === one))
  if (unknown !== undefined)
    throw new Blocked({
      code: 'queue-no-job',
      failed: `There is no job ${unknown.slice(0, 80)}`,
      cause: 'The id is mistyped, or the job has run or was deleted meanwhile',
      next: 'honeydue queue:status',
    })
  return { target, readOnly, asked: type ?? wanted.join(','), jobs, queues, complete: queues.every((queue) => queue.complete) }
}
