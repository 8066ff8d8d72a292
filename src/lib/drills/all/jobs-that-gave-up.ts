import { idsOf } from '../breaks.ts'
import type { Drill } from '../drill.ts'

/** A job that used up its tries while the mail server was away. */
export const drill: Drill = {
  name: 'jobs-that-gave-up',
  origin: 'Jobs were archived by asynq after their last try',
  heard: 'Support: "The mail server is back for an hour, and the mails of this morning still have not come."',
  hints: [
    'What became of the jobs? honeydue queue:status',
    'asynq archives what has used up its tries, and never tries it again by itself',
  ],
  breaks: ({ sandbox }) => {
    if (idsOf(sandbox.redis, 'archived').length === 0) throw new Error('the sandbox has no archived job')
  },
  over: ({ sandbox }) => {
    const { length } = idsOf(sandbox.redis, 'archived')
    return [{ what: 'No job is left that gave up', because: length === 0 ? undefined : `${length} are archived` }]
  },
  page: 'queue:retry',
  way: ({ sandbox }) => [['queue:retry', ...idsOf(sandbox.redis, 'archived')]],
}
