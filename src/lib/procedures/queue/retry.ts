import { gatherJobs, partsOf, type SelectedJobs, waitingBeside } from '../../facts/queue/selected-jobs.ts'
import { optionalArguments, optionalText } from '../../plan/choice.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { type Change, defineProcedure } from '../../plan/procedure.ts'
import type { Task, TaskState } from '../../systems/redis/jobs.ts'
import type { Readers } from '../../systems/systems.ts'

/** Puts failed jobs back to the end of their queue, as asynq's own inspector runs them: they run again from their start. */
export const retry = defineProcedure({
  id: 'queue:retry',
  title: 'Run failed jobs of the queue again',
  needs: ['redis'],
  choices: {
    id: optionalArguments({ about: 'the jobs, as queue:status --type lists them' }),
    type: optionalText({ about: 'every archived job of this type' }),
  },
  // What a job does (a mail, a notification) cannot be taken back.
  risk: () => 'irreversible',
  gather: (input, look) => gatherJobs(input.id, input.type, look, { id: 'queue:retry' }),
  subject: ({ asked, jobs }) => (jobs.length > 1 ? `${asked} (${jobs.length})` : asked),
  target: ({ target }) => [`Redis at ${target}`],
  beyond: ({ queues, jobs, complete }) => [
    'A job runs again from its start: what it did before it failed, it does twice',
    'An archived job has used up its tries: if it fails again, it is archived again at once',
    ...queues
      .filter(({ queue, paused }) => paused && jobs.some((job) => job.queue === queue))
      .map(({ queue }) => `Queue ${queue} is paused: nothing runs before honeydue queue:resume ${queue}`),
    ...(complete ? [] : ['There are more jobs than were looked at: run it again afterwards']),
  ],
  steps: (facts) => partsOf(facts.jobs).map((part) => runAgain(facts, part)),
})

const runs: readonly TaskState[] = ['archived', 'retry', 'scheduled', 'aggregating']

/** Why asynq would not run it, or what running it would break. */
const mayRun = ({ id, state, lost }: Task): Finding => {
  if (lost) return fails(`job ${id} is lost: Redis evicted what was to be done`)
  return when(state !== 'completed', `job ${id} has ended well, and would run twice`)
}

/** None of them stands where it waited: it is pending, a worker has it, or it has run. */
const left = async (jobs: readonly Task[], { redis }: Readers<'redis'>): Promise<Finding> => {
  const states = await redis.taskStates(jobs)
  const still = jobs.filter(({ lost, state }, i) => lost || state === 'completed' || runs.some((one) => one === states[i]))
  const [first] = still
  return first ? fails(`${still.length === 1 ? `job ${first.id} is` : `${still.length} jobs are`} not pending`) : holds
}

const runAgain = ({ target, readOnly, queues }: SelectedJobs, jobs: readonly Task[]): Change<'redis'> => {
  const [{ queue, type, id, state } = { queue: '', type: '', id: '', state: 'archived' }] = jobs
  const one = jobs.length === 1
  const waiting = jobs.filter((job) => runs.some((state) => state === job.state)).map((job) => job.id)
  return {
    title: one ? `Run job ${id.slice(0, 36)} again` : `Run ${jobs.length} jobs of queue ${queue.slice(0, 24)} again`,
    effect: [
      one
        ? { what: `job ${id} (${type})`, before: state, after: 'pending, or run since' }
        : {
            what: `jobs ${[...new Set(jobs.map((job) => job.type))].join(', ')}`,
            before: [...new Set(jobs.map((job) => job.state))].join(', '),
            after: 'pending, or run since',
            note: `${jobs.length} jobs`,
            count: jobs.length,
            of: waitingBeside(jobs, queues),
          },
    ],
    check: async () => every([when(!readOnly, `Redis at ${target} is a read-only replica`), ...jobs.map(mayRun)]),
    apply: (write) => write.redis.runTasks(queue, waiting),
    verify: (look) => left(jobs, look),
    shows: (prove) => prove.redis.ran(queue, waiting),
    undo: { impossible: 'a worker may have run them already, and what a job does is done' },
  }
}
