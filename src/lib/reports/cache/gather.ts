import { type Clock, seconds } from '../../clock.ts'
import type { KeyLife, QueueDepth, RedisInfo, RedisReader } from '../../systems/redis/types.ts'

/** Keys that share the part of their names before the first colon. */
export interface KeyFamily {
  /** `residence_ids_user:*`; a key without a colon stands for itself. */
  readonly pattern: string
  readonly keys: number
  /** Milliseconds left, shortest and longest of the sampled keys that expire. */
  readonly shortestTtl?: number
  readonly longestTtl?: number
  /** Sampled keys that never expire, of how many sampled. */
  readonly withoutTtl: number
  readonly sampled: number
}

export interface CacheStatus {
  readonly target: string
  readonly info: RedisInfo
  readonly families: readonly KeyFamily[]
  /** False when a bound ended the scan: the counts are then a lower limit. */
  readonly scannedAll: boolean
  readonly scannedKeys: number
  readonly queues: readonly QueueDepth[]
  readonly readAt: Date
}

const bounds = { keys: 200_000, time: seconds(10) }
const sampleSize = 100

const familyOf = (key: string): string => {
  const colon = key.indexOf(':')
  return colon < 0 ? key : `${key.slice(0, colon)}:*`
}

const describe = (pattern: string, keys: number, lives: readonly KeyLife[]): KeyFamily => {
  const present = lives.filter((life) => life.present)
  const ttls = present.flatMap(({ ttl }) => (ttl === undefined ? [] : [ttl]))
  return {
    pattern,
    keys,
    ...(ttls.length > 0 && { shortestTtl: Math.min(...ttls), longestTtl: Math.max(...ttls) }),
    withoutTtl: present.length - ttls.length,
    sampled: present.length,
  }
}

/** Reads all that cache:status shows; the scan looks at 200 000 keys or for ten seconds at most. */
export const gatherCacheStatus = async (redis: RedisReader, clock: Clock): Promise<CacheStatus> => {
  const info = await redis.info()
  const [target, queues, scanned] = await Promise.all([redis.target(), redis.queues(), redis.scan('*', bounds)])
  const byFamily = new Map<string, string[]>()
  for (const key of scanned.keys) {
    const family = byFamily.get(familyOf(key))
    if (family) family.push(key)
    else byFamily.set(familyOf(key), [key])
  }
  const families: KeyFamily[] = []
  for (const [pattern, keys] of byFamily) families.push(describe(pattern, keys.length, await redis.lives(keys.slice(0, sampleSize))))
  families.sort((a, b) => b.keys - a.keys || a.pattern.localeCompare(b.pattern))
  return { target, info, families, scannedAll: scanned.complete, scannedKeys: scanned.keys.length, queues, readAt: clock.now() }
}
