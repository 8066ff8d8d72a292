import { isUtf8 } from 'node:buffer'
import type { Redis } from 'ioredis'
import { type Clock, seconds } from '../../clock.ts'
import { Trouble } from '../../errors.ts'
import { taskKey } from './asynq-keys.ts'
import type { RedisConnection } from './connection.ts'
import { countFamily, oldOfFamily } from './family.ts'
import { readLives } from './lives.ts'
import { leftByPass } from './one-look.ts'
import { readJobs, readSchedulers } from './read-jobs.ts'
import type { PasswordReader, QueueDepth, RedisInfo, RedisReader, ScanBounds, Scanned } from './types.ts'

const defaultBounds: ScanBounds = { keys: 2_000_000, time: seconds(60) }
/** Looking for queues and locks must not take longer than somebody waits. */
const jobBounds: ScanBounds = { keys: 500_000, time: seconds(10) }
/** Keys a round trip: below a millisecond of the server's single thread. */
const step = 1000

/** Other servers say Redis's version for old clients, and their own beside it. */
const versionOf = (line: (name: string) => string | undefined): string => {
  for (const name of ['Valkey', 'Dragonfly', 'Garnet']) {
    const own = line(`${name.toLowerCase()}_version`)
    if (own !== undefined) return `${name} ${own.replace(/^df-v/, '')}`
  }
  const version = line('redis_version') ?? ''
  return line('mvcc_depth') === undefined ? version : `KeyDB ${version}`
}

const goodReplicas = /^min_(?:slaves|replicas)_good_(?:slaves|replicas)$/

/** Keys by database, beside the first: `db3:keys=12,expires=0,avg_ttl=0`. */
const elsewhereOf = (lines: ReadonlyMap<string, string>): RedisInfo['elsewhere'] =>
  [...lines].flatMap(([name, value]) => {
    const keys = /^db[1-9]\d*$/.test(name) ? /^keys=(\d+)/.exec(value)?.[1] : undefined
    return keys === undefined ? [] : [{ database: name, keys: Number(keys) }]
  })

const refusedOf = (lines: ReadonlyMap<string, string>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...lines].flatMap(([name, value]) => {
      const count = /^count=(\d+)/.exec(value)?.[1]
      return name.startsWith('errorstat_') && count !== undefined ? [[name.slice('errorstat_'.length), Number(count)]] : []
    }),
  )

/** `name:value` in lines, of Redis 6 to 8, Valkey and KeyDB; a line that one of them does not have is no reason to say nothing. */
export const parseInfo = (text: string): RedisInfo => {
  const lines = new Map(text.split(/\r?\n/).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const))
  const number = (name: string) => Number(lines.get(name) ?? 0)
  return {
    version: versionOf((name) => lines.get(name)),
    uptimeSeconds: number('uptime_in_seconds'),
    role: lines.get('role') ?? '',
    loading: lines.get('loading') === '1',
    usedMemory: number('used_memory'),
    maxMemory: lines.has('maxmemory') ? number('maxmemory') : undefined,
    policy: lines.get('maxmemory_policy') ?? '',
    evictedKeys: number('evicted_keys'),
    expiredKeys: number('expired_keys'),
    hits: number('keyspace_hits'),
    misses: number('keyspace_misses'),
    refused: refusedOf(lines),
    elsewhere: elsewhereOf(lines),
    // The line is there only where the server wants some, and it wants one at least.
    lacksReplicas: [...lines].some(([name, value]) => goodReplicas.test(name) && value === '0'),
    open: false,
    cannotSave: lines.get('rdb_last_bgsave_status') === 'err' || lines.get('aof_last_write_status') === 'err',
  }
}

/** A key as it is said: text where it is text, `\\xff` for each byte that is none. */
const nameOf = (bytes: Buffer): string =>
  isUtf8(bytes)
    ? bytes.toString('utf8')
    : bytes.toString('latin1').replace(/[^\x20-\x7e]/g, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`)

const readQueue = async (redis: Redis, queue: string): Promise<QueueDepth> => {
  const key = (name: string) => `asynq:{${queue}}:${name}`
  const pipeline = redis
    .pipeline()
    .llen(key('pending'))
    .llen(key('active'))
    .zcard(key('scheduled'))
    .zcard(key('retry'))
    .zcard(key('archived'))
    .exists(key('paused'))
  const replies = (await pipeline.exec()) ?? []
  const first = replies.find(([error]) => error)?.[0]
  const [pending = 0, active = 0, scheduled = 0, retry = 0, archived = 0, paused] = replies.map(([error, value]) =>
    error ? 0 : Number(value),
  )
  return { queue, pending, active, scheduled, retry, archived, paused: paused === 1, ...(first && { refused: first.message }) }
}

/** The reading half of Redis. */
export const readRedis = (connection: RedisConnection, clock: Clock): Omit<RedisReader, keyof PasswordReader> => {
  /** Keys that are no text, by the name that they were given here: they are asked for by their bytes. */
  const asBytes = new Map<string, Buffer>()
  const scan = async (pattern: string, bounds: Partial<ScanBounds> = {}, seen?: (keys: number) => void): Promise<Scanned> => {
    const { keys: most, time } = { ...defaultBounds, ...bounds }
    const until = clock.now().getTime() + time
    const found = new Set<string>()
    // The server names empty steps too; without DBSIZE the keys looked at are unknown, so steps are counted.
    for (let cursor = '0', looked = 0; looked < most && clock.now().getTime() < until && connection.left() > leftByPass; looked += step) {
      const [next, keys] = await connection.use((redis) => redis.scanBuffer(cursor, 'MATCH', pattern, 'COUNT', step))
      for (const bytes of keys) {
        const name = nameOf(bytes)
        if (!isUtf8(bytes)) asBytes.set(name, bytes)
        found.add(name)
      }
      seen?.(looked + step)
      if (String(next) === '0') return { keys: [...found], complete: true }
      cursor = String(next)
    }
    return { keys: [...found], complete: false }
  }
  return {
    info: () => connection.use(async (redis) => ({ ...parseInfo(await redis.info()), open: await connection.open() })),
    lives: (keys) => connection.use((redis) => readLives(redis, keys, asBytes), seconds(30)),
    scan,
    family: (ttl, sample) => countFamily(connection, clock, ttl, sample),
    oldOfFamily: (ttl, began) => oldOfFamily(connection, ttl, began),
    queues: () =>
      connection.use(async (redis) => Promise.all((await redis.smembers('asynq:queues')).sort().map((queue) => readQueue(redis, queue)))),
    jobs: async (most) => {
      // What may not scan still knows the queues that are listed.
      const scanned = await scan('asynq:{*', jobBounds).catch((error: unknown) => {
        if (error instanceof Trouble && ['redis-not-permitted', 'redis-refused'].includes(error.code)) return { keys: [], complete: false }
        throw error
      })
      return connection.use((redis) => readJobs(redis, scanned, most), seconds(30))
    },
    schedulers: () => connection.use(readSchedulers),
    setting: (name) =>
      connection.use(async (redis) => {
        const [, value] = (await redis.config('GET', name)) as string[]
        return value
      }),
    taskStates: (tasks) =>
      connection.use(async (redis) => {
        const pipeline = redis.pipeline()
        for (const { queue, id } of tasks) pipeline.hget(taskKey(queue, id), 'state')
        return ((await pipeline.exec()) ?? []).map(([error, state]) => {
          if (error) throw error
          return typeof state === 'string' ? state : undefined
        })
      }, seconds(30)),
    target: () => connection.where(),
  }
}
