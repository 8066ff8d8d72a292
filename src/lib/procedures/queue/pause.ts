import { counted } from '../../counted.ts'
import { gatherQueue, isPaused, mayChange, type NamedQueue, offerQueues } from '../../facts/queue/named-queue.ts'
import { argument } from '../../plan/choice.ts'
import { type Change, defineProcedure } from '../../plan/procedure.ts'

/** Stops workers from taking jobs of a queue; what they have begun they end, and what is enqueued waits. */
export const pause = defineProcedure({
  id: 'queue:pause',
  title: 'Stop workers from taking jobs of a queue',
  needs: ['redis'],
  choices: { queue: argument({ about: 'the queue, as queue:status names it', ask: 'Which queue?' }) },
  offers: { queue: offerQueues },
  risk: () => 'disruptive',
  gather: (input, look) => gatherQueue(input.queue, look),
  subject: ({ queue }) => queue,
  target: ({ target }) => [`Redis at ${target}`],
  beyond: () => [
    'Jobs that are being worked on are ended; schedulers go on enqueuing, and what is enqueued waits',
    'Nothing starts the queue again by itself: honeydue queue:resume does',
  ],
  steps: (facts) => [setQueuePaused(facts, true)],
})

/** Pauses a queue, or lets it go on. */
export const setQueuePaused = (facts: NamedQueue, paused: boolean): Change<'redis'> => {
  const { queue, depth } = facts
  const [does, goesBack] = paused ? (['pauseQueue', 'resumeQueue'] as const) : (['resumeQueue', 'pauseQueue'] as const)
  const waiting = depth?.pending ?? 0
  return {
    title: `${paused ? 'Pause' : 'Resume'} queue ${queue.slice(0, 40)}`,
    effect: [
      {
        what: `queue ${queue}`,
        before: paused ? 'worked on' : 'paused',
        after: paused ? 'paused' : 'worked on',
        note: `${counted(waiting, 'job waits', 'jobs wait')}`,
      },
    ],
    check: async () => mayChange(facts),
    apply: (write) => write.redis[does](queue),
    verify: (look) => (depth === undefined ? Promise.resolve(mayChange(facts)) : isPaused(look, queue, paused)),
    shows: (prove) => prove.redis.paused(queue, paused),
    undo: (write) => write.redis[goesBack](queue),
  }
}
