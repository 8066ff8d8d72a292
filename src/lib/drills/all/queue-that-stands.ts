import type { Drill } from '../drill.ts'

/** Somebody paused the queue. */
export const drill: Drill = {
  name: 'queue-that-stands',
  origin: 'The job queue was paused by somebody',
  heard: 'Monitoring: no reminder was sent within the last half hour. The worker is up, and its log shows no error.',
  hints: ['What waits, and why? honeydue queue:status', 'A queue that is paused takes jobs in and gives none out'],
  breaks: ({ sandbox: { redis } }) => void redis.store.set('asynq:{default}:paused', String(Math.floor(Date.now() / 1000) - 1800)),
  page: 'queue:resume',
  way: () => [['queue:resume', 'default']],
}
