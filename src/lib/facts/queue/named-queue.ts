import { counted } from '../../counted.ts'
import { type Finding, when } from '../../plan/finding.ts'
import type { Offer } from '../../plan/procedure.ts'
import type { QueueDepth } from '../../systems/redis/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { isRefusal } from '../cache/refusal.ts'

/** One queue of asynq as it was when the plan was made. */
export interface NamedQueue {
  readonly target: string
  readonly queue: string
  /** Undefined where there is no such queue. */
  readonly depth?: QueueDepth
  readonly others: readonly string[]
  readonly readOnly: boolean
}

/** Whether this Redis takes writes; who may not ask INFO is told by the write itself. */
export const isReadOnly = async ({ redis }: Readers<'redis'>): Promise<boolean> =>
  redis.info().then(
    ({ role }) => role !== 'master' && role !== '',
    (error: unknown) => {
      if (isRefusal(error)) return false
      throw error
    },
  )

export const gatherQueue = async (queue: string, look: Readers<'redis'>): Promise<NamedQueue> => {
  const [target, queues, readOnly] = await Promise.all([look.redis.target(), look.redis.queues(), isReadOnly(look)])
  const depth = queues.find((one) => one.queue === queue)
  return { target, queue, others: queues.map((one) => one.queue).filter((one) => one !== queue), readOnly, ...(depth && { depth }) }
}

/** The queues there are, for whoever did not say which. */
export const offerQueues = async ({ redis }: Readers<'redis'>): Promise<readonly Offer[]> =>
  (await redis.queues()).map(({ queue, pending, paused }) => ({
    value: queue,
    about: `${counted(pending, 'job waits', 'jobs wait')}${paused ? ', paused' : ''}`,
  }))

/** Why nothing may be written to it, or that it may. */
export const mayChange = ({ target, queue, depth, others, readOnly }: NamedQueue): Finding =>
  readOnly
    ? when(false, `Redis at ${target} is a read-only replica`)
    : when(
        depth !== undefined,
        `there is no queue ${queue}${others.length > 0 ? `: there ${others.length === 1 ? 'is' : 'are'} ${others.join(', ')}` : ''}`,
        'honeydue queue:status',
      )

/** Whether it is paused now. */
export const isPaused = async ({ redis }: Readers<'redis'>, queue: string, wanted: boolean): Promise<Finding> => {
  const now = (await redis.queues()).find((one) => one.queue === queue)?.paused ?? false
  return when(now === wanted, `queue ${queue} is ${now ? '' : 'not '}paused`)
}
