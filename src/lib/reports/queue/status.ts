import { age } from '../../age.ts'
import { counted } from '../../counted.ts'
import { clipped } from '../../facts/cluster/clipped.ts'
import { jobAilments, oldestPending } from '../../facts/queue/ailments.ts'
import { failuresOf } from '../../facts/queue/failures.ts'
import { masked } from '../../masked.ts'
import { optionalText } from '../../plan/choice.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import type { Jobs, Task } from '../../systems/redis/jobs.ts'

/** Tasks of each state of each queue that are looked at one by one. */
const most = 1000
/** Lines of a table that somebody reads. */
const mostRows = 20

/** The job queue as asynq keeps it: how much waits, what failed and why, what was lost, who works, what fires next. */
export const queueStatus = defineReport({
  id: 'queue:status',
  title: 'Show how the job queue stands, and what failed',
  needs: ['redis'],
  choices: { type: optionalText({ about: 'also list the jobs of this type, by id' }) },
  look: async ({ type }, { redis }) => {
    const jobs = await redis.jobs(most)
    return {
      findings: jobAilments(jobs),
      tables: [queueTable(jobs), ...failureTable(jobs), ...jobTable(jobs, type), ...workerTable(jobs), ...firingTable(jobs)],
      notes: notesOf(jobs, await redis.target()),
      data: {
        ...jobs,
        queues: jobs.queues.map((queue) => ({ ...queue, tasks: queue.tasks.map(told) })),
        failures: failuresOf(tasksOf(jobs)),
      },
    }
  },
})

const tasksOf = ({ queues }: Jobs): readonly Task[] => queues.flatMap(({ tasks }) => tasks)
const told = (task: Task): Task => ({ ...task, error: masked(task.error) })
const shownCount = (count: number | undefined): string => (count === undefined ? '?' : String(count))

const queueTable = ({ queues, now }: Jobs): Table => {
  // Few applications group tasks: the column stands where something waits in a group, or that is not known.
  const grouped = queues.some(({ counts }) => counts.aggregating !== 0)
  return {
    title: 'Queues',
    columns: ['queue', 'pending', 'oldest', 'active', 'scheduled', 'retry', 'archived', ...(grouped ? ['grouped'] : []), 'failed today'],
    rows: queues.map((queue) => {
      const oldest = oldestPending(queue, now)
      const { pending, active, scheduled, retry, archived, aggregating } = queue.counts
      return [
        clipped(queue.paused ? `${queue.queue} (paused)` : queue.queue, 24),
        shownCount(pending),
        oldest === undefined ? '' : age(oldest),
        ...[active, scheduled, retry, archived, ...(grouped ? [aggregating] : [])].map(shownCount),
        `${queue.failedToday} of ${queue.processedToday}`,
      ]
    }),
  }
}

/** Ago, or from now. */
const around = (at: number, now: number): string => {
  const seconds = now / 1000 - at
  return seconds >= 0 ? `${age(seconds)} ago` : `in ${age(-seconds)}`
}

const failureTable = (jobs: Jobs): readonly Table[] => {
  const failures = failuresOf(tasksOf(jobs))
  if (failures.length === 0) return []
  return [
    {
      title: 'Failed, by type and last error',
      columns: ['state', 'type', 'jobs', 'latest', 'last error'],
      rows: failures
        .slice(0, mostRows)
        .map(({ state, type, count, latest, error }) => [
          state,
          clipped(type, 24),
          String(count),
          around(latest, jobs.now),
          clipped(error, 90),
        ]),
    },
  ]
}

const jobTable = (jobs: Jobs, type: string | undefined): readonly Table[] => {
  const found = type === undefined ? [] : tasksOf(jobs).filter((task) => task.type === type)
  if (type === undefined) return []
  return [
    {
      title: `${counted(found.length, 'job')} of ${clipped(type, 40)}${found.length > mostRows ? `, the first ${mostRows}` : ''}`,
      columns: ['id', 'state', 'retried', 'last error'],
      rows: found
        .slice(0, mostRows)
        .map(({ id, state, retried, retry, error }) => [id, state, `${retried} of ${retry}`, clipped(masked(error), 60)]),
    },
  ]
}

const workerTable = ({ servers, now }: Jobs): readonly Table[] =>
  servers.length === 0
    ? []
    : [
        {
          title: 'Workers',
          columns: ['host', 'status', 'busy', 'queues', 'started'],
          rows: servers.map(({ host, status, active, concurrency, queues, startedAt }) => [
            clipped(host, 36),
            status,
            `${active} of ${concurrency}`,
            clipped(queues.join(', '), 20),
            around(startedAt, now),
          ]),
        },
      ]

const firingTable = ({ schedulers, now }: Jobs): readonly Table[] => {
  const entries = schedulers.flatMap(({ name, entries: own }) => own.map((entry) => ({ ...entry, host: name.split(':')[0] ?? name })))
  if (entries.length === 0) return []
  return [
    {
      title: 'Next firings',
      columns: ['type', 'when', 'next', 'last', ...(schedulers.length > 1 ? ['scheduler'] : [])],
      rows: [...entries]
        .sort((a, b) => a.next - b.next)
        .slice(0, mostRows)
        .map(({ type, spec, next, previous, host }) => [
          clipped(type, 28),
          clipped(spec, 20),
          around(next, now),
          previous > 0 ? around(previous, now) : 'not yet',
          ...(schedulers.length > 1 ? [clipped(host, 28)] : []),
        ]),
    },
  ]
}

const notesOf = (jobs: Jobs, target: string): readonly string[] => [
  ...jobs.queues.flatMap(({ queue, complete, counts }) => [
    ...(complete ? [] : [`Of queue ${queue} ${most} jobs of each state were looked at one by one; there are more`]),
    ...(counts.completed ? [`Queue ${queue} keeps ${counted(counts.completed, 'job that ended', 'jobs that ended')} well`] : []),
  ]),
  ...(jobs.scannedAll ? [] : ['The scan for queues and locks stopped at its bound: one may be missing']),
  ...(jobs.locks.length > 0 ? [`${counted(jobs.locks.length, 'unique lock')} of jobs`] : []),
  `Redis at ${target}; an archived job stays for 90 days, and 10 000 of a queue at most`,
]
