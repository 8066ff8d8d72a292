import { counted } from '../../counted.ts'
import { gatherQueue, offerQueues } from '../../facts/queue/named-queue.ts'
import { argument } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { setQueuePaused } from './pause.ts'

/** Lets workers take jobs of a queue again that somebody paused, here or in asynq's own tools. */
export const resume = defineProcedure({
  id: 'queue:resume',
  title: 'Let workers take jobs of a paused queue again',
  needs: ['redis'],
  choices: { queue: argument({ about: 'the queue, as queue:status names it', ask: 'Which queue?' }) },
  offers: { queue: offerQueues },
  risk: () => 'disruptive',
  gather: (input, look) => gatherQueue(input.queue, look),
  subject: ({ queue }) => queue,
  target: ({ target }) => [`Redis at ${target}`],
  beyond: ({ depth }) => [
    'Whoever paused it had a reason: what waits is worked on at once',
    ...(depth && depth.pending > 100
      ? [`${counted(depth.pending, 'job waits', 'jobs wait')}: mails and notifications of all that time go out together`]
      : []),
  ],
  steps: (facts) => [setQueuePaused(facts, false)],
})
