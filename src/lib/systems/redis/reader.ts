import type { Redis } from 'ioredis'
import { type Clock, seconds } from '../../clock.ts'
import type { RedisConnection } from './connection.ts'
import type { KeyLife, QueueDepth, RedisInfo, RedisReader, ScanBounds, Scanned } from './types.ts'

const defaultBounds: ScanBounds = { keys: 2_000_000, time: seconds(60) }
/** Keys a round trip: below a millisecond of the server's single thread. */
const step = 1000
const batch = 1000

/** One reply of a pipeline; its error is thrown as the command's own would be. */
const settled = async (replies: Promise<[Error | null, unknown][] | null>): Promise<readonly unknown[]> =>
  ((await replies) ?? []).map(([error, value]) => {
    if (error) throw error
    return value
  })

const parseInfo = (text: string): RedisInfo => {
  const lines = new Map(text.split('\r\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const))
  const number = (name: string) => Number(lines.get(name) ?? 0)
  return {
    version: lines.get('redis_version') ?? '',
    uptimeSeconds: number('uptime_in_seconds'),
    role: lines.get('role') ?? '',
    loading: lines.get('loading') === '1',
    usedMemory: number('used_memory'),
    maxMemory: number('maxmemory'),
    policy: lines.get('maxmemory_policy') ?? '',
    evictedKeys: number('evicted_keys'),
    expiredKeys: number('expired_keys'),
    hits: number('keyspace_hits'),
    misses: number('keyspace_misses'),
  }
}

const lifeOf = (key: string, expiresAt: unknown, now: number): KeyLife => {
  if (typeof expiresAt !== 'number' || expiresAt === -2) return { key, present: false }
  return expiresAt === -1 ? { key, present: true } : { key, present: true, expiresAt, ttl: Math.max(0, expiresAt - now) }
}

/** Keys of which at least one in their batch exists: one command a batch spares a million questions about what is gone. */
const inhabited = async (redis: Redis, keys: readonly string[]): Promise<ReadonlySet<string>> => {
  const batches = Array.from({ length: Math.ceil(keys.length / batch) }, (_, i) => keys.slice(i * batch, (i + 1) * batch))
  const pipeline = redis.pipeline()
  for (const part of batches) pipeline.exists(...part)
  const counts = await settled(pipeline.exec())
  return new Set(batches.filter((_, i) => counts[i] !== 0).flat())
}

/** PEXPIRETIME is absolute and by the server's clock: no reading of ours, and no delay on the way, can blur it. */
const readLives = async (redis: Redis, keys: readonly string[]): Promise<readonly KeyLife[]> => {
  const some = keys.length > batch ? await inhabited(redis, keys) : new Set(keys)
  const asked = keys.filter((key) => some.has(key))
  const found = new Map<string, KeyLife>()
  for (let at = 0; at < asked.length; at += batch) {
    const part = asked.slice(at, at + batch)
    const pipeline = redis.pipeline().time()
    for (const key of part) pipeline.pexpiretime(key)
    const [time, ...expiries] = await settled(pipeline.exec())
    const [second, microsecond] = Array.isArray(time) ? time.map(Number) : []
    const now = (second ?? 0) * 1000 + (microsecond ?? 0) / 1000
    for (const [i, key] of part.entries()) found.set(key, lifeOf(key, expiries[i], Math.floor(now)))
  }
  return keys.map((key) => found.get(key) ?? { key, present: false })
}

const readQueue = async (redis: Redis, queue: string): Promise<QueueDepth> => {
  const key = (name: string) => `asynq:{${queue}}:${name}`
  const pipeline = redis
    .pipeline()
    .llen(key('pending'))
    .llen(key('active'))
    .zcard(key('scheduled'))
    .zcard(key('retry'))
    .zcard(key('archived'))
  const [pending, active, scheduled, retry, archived, paused] = (await settled(pipeline.exists(key('paused')).exec())).map(Number)
  return {
    queue,
    pending: pending ?? 0,
    active: active ?? 0,
    scheduled: scheduled ?? 0,
    retry: retry ?? 0,
    archived: archived ?? 0,
    paused: paused === 1,
  }
}

/** The reading half of Redis. */
export const readRedis = (connection: RedisConnection, clock: Clock): RedisReader => {
  const scan = async (pattern: string, bounds: Partial<ScanBounds> = {}, seen?: (keys: number) => void): Promise<Scanned> => {
    const { keys: most, time } = { ...defaultBounds, ...bounds }
    const until = clock.now().getTime() + time
    const found = new Set<string>()
    // The server names empty steps too; without DBSIZE the keys looked at are unknown, so steps are counted.
    for (let cursor = '0', looked = 0; looked < most && clock.now().getTime() < until; looked += step) {
      const [next, keys] = await connection.use((redis) => redis.scan(cursor, 'MATCH', pattern, 'COUNT', step))
      for (const key of keys) found.add(key)
      seen?.(looked + step)
      if (next === '0') return { keys: [...found], complete: true }
      cursor = next
    }
    return { keys: [...found], complete: false }
  }
  return {
    info: () => connection.use(async (redis) => parseInfo(await redis.info())),
    lives: (keys) => connection.use((redis) => readLives(redis, keys), seconds(30)),
    scan,
    queues: () =>
      connection.use(async (redis) => Promise.all((await redis.smembers('asynq:queues')).sort().map((queue) => readQueue(redis, queue)))),
    target: () => connection.where(),
  }
}
