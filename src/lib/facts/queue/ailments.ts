import { age } from '../../age.ts'
import { counted } from '../../counted.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import type { JobQueue, Jobs, Task } from '../../systems/redis/jobs.ts'
import { clipped } from '../cluster/clipped.ts'

const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next !== undefined && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next !== undefined && { next }) })

/** asynq looks for leases that have ended once a minute, and takes those that ended half a minute ago. */
const recoveredAfter = 120

/** Pending for longer than this, somebody waits for it. */
const longPending = 300

/** Seconds that the oldest pending job has waited; undefined where none is, or none says since when. */
export const oldestPending = ({ tasks }: JobQueue, now: number): number | undefined => {
  const since = tasks.flatMap(({ pendingSince, lost }) => (pendingSince === undefined || lost ? [] : [pendingSince]))
  return since.length === 0 ? undefined : Math.max(0, (now - Math.min(...since)) / 1000)
}

/** Active jobs whose lease has ended: whoever worked on them is gone. */
const expiredOf = ({ tasks }: JobQueue, now: number): readonly Task[] =>
  tasks.filter(({ state, at, lost }) => state === 'active' && !lost && at !== undefined && at * 1000 < now)

const ofPause = ({ queue, paused, pausedSince, counts }: JobQueue, now: number): readonly Observation[] =>
  paused
    ? [
        wrong(
          `Queue ${queue} is paused${pausedSince === undefined ? '' : `, since ${age(now / 1000 - pausedSince)}`}: ${counted(counts.pending ?? 0, 'job waits', 'jobs wait')}, and none is taken`,
          sh`honeydue queue:resume ${queue}`,
        ),
      ]
    : []

const ofLost = ({ queue, tasks }: JobQueue): readonly Observation[] => {
  const lost = tasks.filter((task) => task.lost)
  return lost.length === 0
    ? []
    : [
        wrong(
          `${counted(lost.length, 'job')} of queue ${queue} ${lost.length === 1 ? 'is' : 'are'} lost: Redis evicted what was to be done, and only the id is left (${[...new Set(lost.map(({ state }) => state))].join(', ')})`,
          'honeydue queue:drop --lost',
        ),
      ]
}

const ofLeases = (queue: JobQueue, now: number): readonly Observation[] => {
  const expired = expiredOf(queue, now)
  if (expired.length === 0) return []
  const longest = Math.max(...expired.map(({ at = 0 }) => now / 1000 - at))
  const text = `${counted(expired.length, 'active job')} of queue ${queue.queue} ${expired.length === 1 ? 'has' : 'have'} a lease that ended ${age(longest)} ago: the worker is gone`
  return longest > recoveredAfter
    ? [wrong(`${text}, and no other takes ${expired.length === 1 ? 'it' : 'them'} up`, 'honeydue cluster:health')]
    : [warning(`${text}; another takes ${expired.length === 1 ? 'it' : 'them'} up within two minutes`)]
}

const ofWaiting = (queue: JobQueue, now: number): readonly Observation[] => {
  const oldest = oldestPending(queue, now)
  return queue.paused || oldest === undefined || oldest < longPending
    ? []
    : [warning(`The oldest pending job of queue ${queue.queue} has waited for ${age(oldest)}`, 'honeydue logs worker --since 10m')]
}

const ofQueue = (queue: JobQueue, now: number): readonly Observation[] => [
  ...ofPause(queue, now),
  ...ofLost(queue),
  ...ofLeases(queue, now),
  ...ofWaiting(queue, now),
  ...(queue.listed
    ? []
    : [warning(`Queue ${queue.queue} is not in asynq:queues: asynq's own tools do not see it until a new process enqueues`)]),
]

const ofWorkers = ({ servers, refused }: Jobs): readonly Observation[] => [
  ...(servers.length === 0 && refused.length === 0
    ? [
        wrong(
          'No worker reports that it runs: jobs are not worked on, or Redis refuses what the worker writes',
          'honeydue cluster:health   # then: honeydue cache:status',
        ),
      ]
    : []),
  ...servers
    .filter(({ status }) => status === 'stopped')
    .map(({ host }) => warning(`Worker ${host} was told to stop taking jobs, and still runs`, 'honeydue deploy:restart worker')),
]

/** Two schedulers enqueue every periodic job twice; none enqueues nothing. */
export const ofSchedulers = ({ schedulers }: Pick<Jobs, 'schedulers'>): readonly Observation[] => {
  const hosts = schedulers.map(({ name }) => clipped(name.split(':')[0] ?? name, 40)).join(', ')
  if (schedulers.length === 1) return []
  // A container that ended and was started again has the same name and process id; what it wrote before lives on for twice asynq's heartbeat of 10 s.
  const processes = new Set(schedulers.map(({ name }) => name.split(':').slice(0, 2).join(':')))
  if (processes.size === 1)
    return [
      warning(
        `${schedulers.length} schedulers of one process live (${clipped([...processes][0] ?? '', 40)}): one is of before a restart less than 20 s ago, or the worker starts two. Look again in 20 s`,
        'honeydue logs worker --since 1m',
      ),
    ]
  return schedulers.length === 0
    ? [wrong('No scheduler reports that it runs: no periodic job is enqueued', 'honeydue deploy:restart worker')]
    : [
        wrong(
          `${schedulers.length} schedulers live (${hosts}): every periodic job is enqueued ${schedulers.length === 2 ? 'twice' : `${schedulers.length} times`}`,
          'honeydue deploy:scale worker --replicas 1',
        ),
      ]
}

const ofLocks = ({ locks }: Jobs): readonly Observation[] => {
  const lost = locks.filter((lock) => lock.lost)
  const [first] = lost
  if (!first) return []
  const longest = Math.max(...lost.map(({ left = 0 }) => left))
  const until = lost.some(({ left }) => left === undefined) ? 'for ever' : `for ${age(longest / 1000)} more`
  return [
    wrong(
      `${counted(lost.length, 'unique lock')} of ${[...new Set(lost.map(({ type }) => type))].slice(0, 3).join(', ')} ${lost.length === 1 ? 'has' : 'have'} no job: equal ones are refused ${until}`,
      'honeydue queue:drop --lost',
    ),
  ]
}

/** What is wrong with the job queue, worst first. */
export const jobAilments = (jobs: Jobs): readonly Observation[] => {
  const known = !jobs.refused.length
  const found = [
    ...(known ? ofSchedulers(jobs) : []),
    ...ofWorkers(jobs),
    ...jobs.queues.flatMap((queue) => ofQueue(queue, jobs.now)),
    ...ofLocks(jobs),
    ...jobs.refused.map((because) => warning(`Redis refused a part of the answer: ${because}`)),
  ]
  return worstFirst(found)
}
