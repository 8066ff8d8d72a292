import { seconds } from '../../clock.ts'
import type { RedisReader } from '../../systems/redis/types.ts'

/** So many keys of asynq are looked at: a queue of this deployment has some hundreds. */
const bounds = { keys: 200_000, time: seconds(10) }
const sampleSize = 2000

/** asynq's jobs and locks by whether Redis may evict them where a policy takes only those with a time to live. */
export interface QueueKeys {
  readonly jobs: Lives
  readonly locks: Lives
  /** False where a bound ended the scan: then there are more. */
  readonly complete: boolean
}

export interface Lives {
  readonly keys: number
  readonly withTtl: number
}

const isOf = { jobs: /^asynq:\{.+?\}:t:/, locks: /^asynq:\{.+?\}:unique:/ }

/** Measured now, with the server's own TTLs; of more than 2000 of a kind, the share of those that were looked at. */
export const queueKeys = async (redis: Pick<RedisReader, 'scan' | 'lives'>): Promise<QueueKeys> => {
  const { keys, complete } = await redis.scan('asynq:{*', bounds)
  const measured = await Promise.all(
    (['jobs', 'locks'] as const).map(async (kind) => {
      const own = keys.filter((key) => isOf[kind].test(key))
      const sample = own.slice(0, sampleSize)
      const lives = (await redis.lives(sample)).filter(({ present }) => present)
      const withTtl = lives.filter(({ ttl }) => ttl !== undefined).length
      const share = sample.length === 0 ? 0 : own.length / sample.length
      return [kind, { keys: Math.round(lives.length * share), withTtl: Math.round(withTtl * share) }] as const
    }),
  )
  const { jobs, locks } = Object.fromEntries(measured) as Record<'jobs' | 'locks', Lives>
  return { jobs, locks, complete }
}
