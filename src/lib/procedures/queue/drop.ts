import { counted } from '../../counted.ts'
import { gatherJobs, partsOf, type SelectedJobs, waitingBeside } from '../../facts/queue/selected-jobs.ts'
import { oneOf, optionalArguments, optionalText, toggle } from '../../plan/choice.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { type Change, defineProcedure } from '../../plan/procedure.ts'
import type { Task } from '../../systems/redis/jobs.ts'
import type { Readers } from '../../systems/systems.ts'
import { lostIn } from './drop-lost.ts'

/** Takes jobs out of their queue for good, as asynq's own inspector deletes them; never one that a worker has. */
export const drop = defineProcedure({
  id: 'queue:drop',
  title: 'Drop jobs of the queue that must not run',
  needs: ['redis'],
  choices: {
    id: optionalArguments({ about: 'the jobs, as queue:status --type lists them' }),
    type: optionalText({ about: 'every job of this type that stands in --state' }),
    state: oneOf(['archived', 'retry', 'scheduled', 'pending', 'aggregating'], {
      about: 'with --type: where they stand',
      ask: 'Which of them?',
      default: 'archived',
    }),
    lost: toggle({ about: 'what is left of jobs that Redis evicted: their ids, and unique locks that no job holds', not: ['type'] }),
  },
  risk: () => 'irreversible',
  gather: async (input, look) => ({
    ...(await gatherJobs(input.id, input.type, look, { id: 'queue:drop', state: input.state, lost: input.lost })),
    ...input,
  }),
  subject: ({ type, asked, state, jobs, locks }) =>
    (type === undefined ? asked : `${asked} ${state}`) + (jobs.length + locks.length > 1 ? ` (${jobs.length + locks.length})` : ''),
  target: ({ target }) => [`Redis at ${target}`],
  beyond: ({ jobs, complete, lost }) => [
    lost
      ? 'What Redis evicted was to be done and is not done, and nobody knows any more what it was: cache:policy says what it may evict'
      : 'The work of a dropped job is not done, and its payload is not kept',
    ...(jobs.some(({ uniqueKey }) => uniqueKey !== '')
      ? ['The unique lock that a job holds goes with it: an equal one is accepted again']
      : []),
    ...(complete ? [] : ['There are more jobs than were looked at: run it again afterwards']),
  ],
  steps: (facts) => (facts.lost ? lostIn(facts) : partsOf(facts.jobs).map((part) => dropAll(facts, part))),
})

/** Why asynq would not drop it, or why nobody has to. */
const mayDrop = ({ id, state, lost }: Task): Finding => {
  if (state === 'active') return fails(`a worker has job ${id}: asynq drops no active job`)
  if (state === 'completed') return fails(`job ${id} has ended well, and goes by itself`)
  return when(
    !lost,
    `job ${id} is lost: Redis evicted it, only its id is left, and asynq finds nothing to drop; --lost takes away what is left of it`,
  )
}

/** None of them is there any more. */
const gone = async (jobs: readonly Task[], { redis }: Readers<'redis'>): Promise<Finding> => {
  const states = await redis.taskStates(jobs)
  const still = jobs.filter(({ lost }, i) => lost || states[i] !== undefined)
  const [first] = still
  return first ? fails(`${still.length === 1 ? `job ${first.id} is` : `${still.length} jobs are`} still there`) : holds
}

const dropAll = ({ target, readOnly, queues }: SelectedJobs, jobs: readonly Task[]): Change<'redis'> => {
  const [{ queue, type, id, state } = { queue: '', type: '', id: '', state: 'archived' }] = jobs
  const one = jobs.length === 1
  const ids = jobs.map((job) => job.id)
  const locks = jobs.filter(({ uniqueKey }) => uniqueKey !== '').length
  return {
    title: one ? `Drop job ${id.slice(0, 36)}` : `Drop ${jobs.length} jobs of queue ${queue.slice(0, 24)}`,
    effect: [
      {
        what: one ? `job ${id} (${type})` : `jobs ${[...new Set(jobs.map((job) => job.type))].join(', ')}`,
        before: [...new Set(jobs.map((job) => job.state))].join(', ') || state,
        after: 'gone',
        ...(!one && { note: `${jobs.length} jobs`, count: jobs.length, of: waitingBeside(jobs, queues) }),
      },
      ...(locks > 0 ? [{ what: 'unique locks', before: counted(locks, 'lock'), after: 'released where the job still holds it' }] : []),
    ],
    check: async () => every([when(!readOnly, `Redis at ${target} is a read-only replica`), ...jobs.map(mayDrop)]),
    apply: (write) => write.redis.dropTasks(queue, ids),
    verify: (look) => gone(jobs, look),
    shows: (prove) => prove.redis.dropped(queue, ids),
    undo: { impossible: 'asynq keeps nothing of a job that was dropped; whoever enqueued it has to do so again' },
  }
}
