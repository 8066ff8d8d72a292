import { age } from '../../age.ts'
import { minutes } from '../../clock.ts'
import { counted } from '../../counted.ts'
import { podsOf } from '../../facts/cluster/rollout.ts'
import { every, type Finding, fails, holds } from '../../plan/finding.ts'
import type { Proof } from '../../plan/procedure.ts'
import { isReady, startedAt } from '../../pod-state.ts'
import type { JobQueue, Jobs, Task } from '../../systems/redis/jobs.ts'
import type { Move } from './move-image.ts'

/** asynq gives whoever takes a job, or still works on it, so many seconds from then. */
const lease = 30

/** What is looked at of each state: the oldest pending ones are among them. */
const most = 100

/** What is seen of the worker before another workload follows: it says in Redis that it lives, and takes what waited before it. */
export const queueMoves = ({ deployment, replicas, noted }: Move): readonly Proof<'kube' | 'redis'>[] =>
  replicas === 0 && noted === undefined
    ? []
    : [
        {
          title: 'The queue moves',
          onlyAfterwards: true,
          holds: async (look) => {
            const [pods, jobs] = await Promise.all([look.kube.pods(podsOf(deployment)), look.redis.jobs(most)])
            const [since] = pods.filter(isReady).map(startedAt).sort()
            return since === undefined ? fails('no pod of worker is ready') : moves(jobs, Date.parse(since) / 1000)
          },
          within: minutes(1),
        },
      ]

/** A worker that started at `since` or later, in Unix seconds, lives and takes jobs of each of its queues that nobody has paused. */
export const moves = (jobs: Jobs, since: number): Finding => {
  const worker = jobs.servers.find(({ startedAt: began, status }) => began >= since && status === 'active')
  if (worker === undefined)
    return fails(
      jobs.refused[0] === undefined
        ? 'the new worker does not say in Redis that it lives'
        : `whether the new worker lives is not known: Redis refused: ${jobs.refused[0]}`,
      'honeydue logs worker --since 10m',
    )
  const tasks = jobs.queues.flatMap((queue) => queue.tasks)
  // A lease that was given or lengthened since: whoever has it takes the rest when it is done.
  if (tasks.some(({ state, at = 0, lost }) => state === 'active' && !lost && at > worker.startedAt + lease)) return holds
  return every(
    jobs.queues
      .filter(({ queue, paused }) => !paused && worker.queues.includes(queue))
      .map((queue) => isTaken(queue, worker.startedAt, jobs.now)),
  )
}

const isTaken = ({ queue, tasks }: JobQueue, since: number, now: number): Finding => {
  const waiting = tasks.filter((task) => waitedBefore(task, since))
  if (waiting.length === 0) return holds
  const oldest = Math.min(...waiting.map(({ pendingSince = now }) => pendingSince))
  return fails(
    `${counted(waiting.length, 'job')} of queue ${queue} ${waiting.length === 1 ? 'waits' : 'wait'} since before the worker started, for ${age((now - oldest) / 1000)}, and none is taken`,
    'honeydue queue:status',
  )
}

const waitedBefore = ({ state, lost, pendingSince }: Task, since: number): boolean =>
  state === 'pending' && !lost && pendingSince !== undefined && pendingSince / 1000 < since
