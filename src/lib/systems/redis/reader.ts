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

const lifeOf = (key: string, expiresAt: unknown, ttl: unknown): KeyLife => {
  if (expiresAt === -2 || ttl === -2 || typeof expiresAt !== 'number' || typeof ttl !== 'number') return { key, present: false }
  return expiresAt === -1 ? { key, present: true } : { key, present: true, expiresAt, ttl: Math.max(0, ttl) }
}

/** PEXPIRETIME is absolute and by the server's clock: no reading of ours, and no delay on the way, can blur it. */
const readLives = async (redis: Redis, keys: readonly string[]): Promise<readonly KeyLife[]> => {
  const lives: KeyLife[] = []
  for (let at = 0; at < keys.length; at += batch) {
    const part = keys.slice(at, at + batch)
    const pipeline = redis.pipeline()
    for (const key of part) pipeline.pexpiretime(key).pttl(key)
    const replies = await settled(pipeline.exec())
    lives.push(...part.map((key, i) => lifeOf(key, replies[i * 2], replies[i * 2 + 1])))
  }
  return lives
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
