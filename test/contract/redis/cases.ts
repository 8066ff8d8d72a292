import { createConnection } from 'node:net'
import type { Redis } from 'ioredis'

/** One behaviour that the CLI relies on: the answer must be the same from the sandbox and from a real server. */
export interface RedisCase {
  readonly name: string
  readonly run: (redis: Redis) => Promise<unknown>
}

/** An error reply as its text, so that wording is compared too. */
const answer = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    return await work
  } catch (error) {
    return `error: ${error instanceof Error ? error.message : String(error)}`
  }
}

const call = (redis: Redis, name: string, ...args: readonly string[]): Promise<unknown> => answer(redis.call(name, ...args))

/** Every key that a whole round of SCAN names, once, in order. */
const round = async (redis: Redis, ...options: readonly string[]): Promise<readonly string[]> => {
  const found = new Set<string>()
  let cursor = '0'
  for (let step = 0; step < 10_000; step++) {
    const [next, keys] = (await redis.call('SCAN', cursor, ...options)) as [string, string[]]
    for (const key of keys) found.add(key)
    cursor = next
    if (cursor === '0') return [...found].sort()
  }
  throw new Error('SCAN did not end')
}

const fill = async (redis: Redis, count: number): Promise<void> => {
  const pipeline = redis.pipeline()
  for (let i = 0; i < count; i++) pipeline.set(`residence_ids_user:${i}`, '[1]', 'EX', 300)
  pipeline.lpush('asynq:{default}:pending', 'a', 'b')
  pipeline.zadd('asynq:{default}:scheduled', 5, 'c')
  pipeline.sadd('asynq:queues', 'default')
  await pipeline.exec()
}

const one = (...commands: readonly (readonly [string, ...string[]])[]): RedisCase => ({
  name: commands.map((words) => words.join(' ')).join(' · '),
  run: async (redis) => {
    const answers: unknown[] = []
    for (const [name, ...args] of commands) answers.push(await call(redis, name, ...args))
    return answers
  },
})

export const redisCases: readonly RedisCase[] = [
  // What asynq's own scripts call.
  one(
    ['ZADD', 'z', '1', 'a', '2', 'b', '3', 'c'],
    ['ZREVRANGE', 'z', '0', '-1', 'WITHSCORES'],
    ['ZREVRANGE', 'z', '1', '-9'],
    ['EVAL', "return redis.call('ZRANGE', KEYS[1], 0, -ARGV[1])", '1', 'z', '5'],
    ['EVAL', "return redis.call('ZRANGE', KEYS[1], 0, -ARGV[1])", '1', 'z', '2'],
    ['ZREMRANGEBYSCORE', 'z', '(1', '2'],
    ['ZREMRANGEBYRANK', 'z', '0', '-2'],
    ['ZRANGE', 'z', '0', '-1'],
    ['ZREMRANGEBYRANK', 'none', '0', '-1'],
  ),
  one(
    ['RPUSH', 'from', '1', '2'],
    ['RPOPLPUSH', 'from', 'to'],
    ['RPOPLPUSH', 'none', 'to'],
    ['SET', 'word', 'x'],
    ['RPOPLPUSH', 'from', 'word'],
    ['LRANGE', 'from', '0', '-9'],
    ['LRANGE', 'from', '0', '-1'],
    ['LRANGE', 'to', '0', '-1'],
  ),
  one(['PING'], ['PING', 'there'], ['ECHO', 'x']),
  one(['SET', 'k', 'v', 'EX', '300'], ['TTL', 'k'], ['GET', 'k'], ['TYPE', 'k'], ['EXISTS', 'k', 'k', 'none']),
  one(
    ['SET', 'k', 'v', 'NX'],
    ['SET', 'k', 'w', 'NX'],
    ['SET', 'k', 'w', 'XX', 'GET'],
    ['GET', 'k'],
    ['SET', 'k', 'v', 'EX', '0'],
    ['SET', 'k', 'v', 'EX', 'x'],
  ),
  one(
    ['SET', 'k', 'v', 'PX', '90000'],
    ['SET', 'k', 'w', 'KEEPTTL'],
    ['TTL', 'k'],
    ['PERSIST', 'k'],
    ['TTL', 'k'],
    ['PTTL', 'none'],
    ['PEXPIRETIME', 'none'],
    ['PEXPIRETIME', 'k'],
  ),
  one(['SET', 'k', 'v', 'PXAT', '99999999999999'], ['PEXPIRETIME', 'k'], ['SET', 'k', 'v', 'EXAT', '9999999999'], ['EXPIRETIME', 'k']),
  one(
    ['SET', 'k', 'v'],
    ['EXPIRE', 'k', '100', 'XX'],
    ['EXPIRE', 'k', '100', 'NX'],
    ['EXPIRE', 'k', '50', 'GT'],
    ['EXPIRE', 'k', '50', 'LT'],
    ['TTL', 'k'],
    ['EXPIRE', 'k', '-1'],
    ['EXISTS', 'k'],
    ['EXPIRE', 'k', '5', 'ZZ'],
  ),
  one(['MSET', 'a', '1', 'b', '2'], ['UNLINK', 'a', 'b', 'c'], ['UNLINK', 'a'], ['DEL', 'a']),
  one(
    ['MSET', 'a', '1', 'b', 'x'],
    ['MGET', 'a', 'b', 'c'],
    ['INCR', 'a'],
    ['INCR', 'b'],
    ['DECR', 'n'],
    ['INCRBY', 'a', '5'],
    ['APPEND', 'b', 'y'],
    ['STRLEN', 'b'],
  ),
  one(
    ['LPUSH', 'l', 'a', 'b'],
    ['RPUSH', 'l', 'c'],
    ['LRANGE', 'l', '0', '-1'],
    ['LLEN', 'l'],
    ['LPOP', 'l'],
    ['LREM', 'l', '0', 'c'],
    ['LLEN', 'none'],
    ['GET', 'l'],
    ['RPOP', 'l'],
    ['EXISTS', 'l'],
  ),
  one(
    ['ZADD', 'z', '2', 'b', '1', 'a'],
    ['ZRANGE', 'z', '0', '-1'],
    ['ZCARD', 'z'],
    ['ZSCORE', 'z', 'b'],
    ['ZCOUNT', 'z', '(1', '+inf'],
    ['ZRANGEBYSCORE', 'z', '-inf', '1'],
    ['ZREM', 'z', 'a', 'x'],
    ['ZADD', 'z', 'q', 'b'],
  ),
  one(['SADD', 's', 'a', 'b', 'a'], ['SCARD', 's'], ['SISMEMBER', 's', 'a'], ['SREM', 's', 'a', 'b'], ['TYPE', 's']),
  one(
    ['HSET', 'h', 'f', '1', 'g', '2'],
    ['HGET', 'h', 'f'],
    ['HLEN', 'h'],
    ['HMGET', 'h', 'f', 'x'],
    ['HDEL', 'h', 'f', 'g'],
    ['EXISTS', 'h'],
    ['HSET', 'h', 'f'],
  ),
  one(
    ['LPUSH', 'l', 'x'],
    ['SET', 'n', '12'],
    ['SET', 's', 'word'],
    ['OBJECT', 'ENCODING', 'l'],
    ['OBJECT', 'ENCODING', 'n'],
    ['OBJECT', 'ENCODING', 's'],
    ['OBJECT', 'ENCODING', 'none'],
    ['OBJECT', 'IDLETIME', 's'],
    ['OBJECT', 'FREQ', 's'],
  ),
  one(['MULTI'], ['SET', 'k', 'v'], ['GET', 'k'], ['EXEC'], ['EXEC'], ['DISCARD']),
  one(['MULTI'], ['SET', 'k'], ['EXEC'], ['EXISTS', 'k']),
  one(['NONSENSE', 'a', 'b'], ['GET'], ['SET', 'k'], ['CONFIG', 'NOPE'], ['OBJECT', 'NOPE', 'k'], ['CLIENT', 'NOPE']),
  one(['SCAN', 'x'], ['SCAN', '0', 'COUNT', '0'], ['SCAN', '0', 'MATCH'], ['SCAN', '0', 'COUNT', 'many'], ['SCAN', '0']),
  one(
    ['CONFIG', 'GET', 'maxmemory-policy'],
    ['CONFIG', 'GET', 'maxmemory'],
    ['CONFIG', 'SET', 'nope', '1'],
    ['CONFIG', 'SET', 'maxmemory', 'x'],
    ['CONFIG', 'SET', 'maxmemory', '300mb'],
    ['CONFIG', 'GET', 'maxmemory'],
    ['CONFIG', 'SET', 'maxmemory', '256mb'],
  ),
  one(['SELECT', '1'], ['SET', 'k', 'v'], ['DBSIZE'], ['SELECT', '0'], ['DBSIZE'], ['SELECT', '99'], ['SELECT', 'x']),
  one(['CLIENT', 'SETNAME', 'honeydue'], ['CLIENT', 'GETNAME'], ['CLIENT', 'NO-EVICT', 'ON'], ['CLIENT', 'SETNAME', 'a b']),
  one(['AUTH', 'wrong'], ['AUTH', 'someone', 'else'], ['HELLO', '9'], ['ROLE']),
  {
    name: 'a whole round of SCAN names every key once, and MATCH and TYPE filter',
    run: async (redis) => {
      await fill(redis, 1000)
      const all = await round(redis, 'COUNT', '50')
      const family = await round(redis, 'MATCH', 'residence_ids_user:*', 'COUNT', '100')
      return [
        all.length,
        family.length,
        await round(redis, 'TYPE', 'list'),
        await round(redis, 'MATCH', 'residence_ids_user:99[0-2]'),
        await round(redis, 'MATCH', '*none*'),
      ]
    },
  },
  {
    name: 'keys that stay through a round of SCAN are named although the table grows and shrinks',
    run: async (redis) => {
      await fill(redis, 200)
      const found = new Set<string>()
      let cursor = '0'
      for (let step = 0; step < 10_000; step++) {
        const [next, keys] = await redis.scan(cursor, 'COUNT', 5)
        for (const key of keys) found.add(key)
        cursor = next
        if (cursor === '0') break
        if (step === 3) for (let i = 0; i < 500; i++) await redis.set(`other:${i}`, 'x')
      }
      return [...Array(200).keys()].filter((i) => !found.has(`residence_ids_user:${i}`))
    },
  },
  {
    name: 'a later write gives a later PEXPIRETIME, and reading changes nothing',
    run: async (redis) => {
      await redis.set('residence_ids_user:1', '[1]', 'PX', 200_000)
      const first = await redis.pexpiretime('residence_ids_user:1')
      await redis.get('residence_ids_user:1')
      const same = await redis.pexpiretime('residence_ids_user:1')
      await redis.set('residence_ids_user:1', '[1,2]', 'PX', 300_000)
      return [same === first, (await redis.pexpiretime('residence_ids_user:1')) > first]
    },
  },
  {
    name: 'a pipeline answers entry by entry, errors included',
    run: async (redis) => {
      await redis.lpush('l', 'x')
      const replies = await redis.pipeline().unlink('none').get('l').exists('l').exec()
      return replies?.map(([error, value]) => error?.message ?? value)
    },
  },
  {
    name: 'INFO has the lines that cache:status reads',
    run: async (redis) => {
      await fill(redis, 10)
      const text = await redis.info()
      return [
        'redis_version',
        'used_memory',
        'maxmemory',
        'maxmemory_policy',
        'evicted_keys',
        'expired_keys',
        'keyspace_hits',
        'keyspace_misses',
        'role',
        'loading',
        'uptime_in_seconds',
        'db0',
      ].filter((name) => !new RegExp(`^${name}:.`, 'm').test(text))
    },
  },
  {
    name: 'a full server evicts under allkeys-lru, and refuses under noeviction',
    run: async (redis) => {
      const used = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
      await redis.config('SET', 'maxmemory', String(used + 3_000_000))
      const pipeline = redis.pipeline()
      for (let i = 0; i < 600; i++) pipeline.set(`big:${i}`, 'x'.repeat(10_000))
      const replies = await pipeline.exec()
      const evicted = Number(/^evicted_keys:(\d+)/m.exec(await redis.info('stats'))?.[1])
      await redis.config('SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1mb')
      const refused = await answer(redis.set('more', 'x'))
      const stillDeletes = typeof (await redis.unlink('big:599'))
      await redis.config('SET', 'maxmemory', '256mb', 'maxmemory-policy', 'allkeys-lru')
      return [replies?.filter(([error]) => error).length, evicted > 0, (await redis.dbsize()) < 600, refused, stillDeletes]
    },
  },
  {
    name: 'FLUSHALL empties every database (the CLI never sends it)',
    run: async (redis) => {
      await fill(redis, 5)
      return [await redis.flushall(), await redis.dbsize()]
    },
  },
]

/** What a server that asks for a password says to each way of not knowing it. */
export const strangerCases: readonly RedisCase[] = [
  one(['PING'], ['GET', 'k'], ['AUTH', 'wrong'], ['AUTH', 'default', 'wrong'], ['HELLO', '3'], ['NONSENSE'], ['GET'], ['INFO']),
]

/** What a replica says. */
export const replicaCases: readonly RedisCase[] = [
  one(['UNLINK', 'k'], ['SET', 'k', 'v'], ['GET', 'none'], ['EXISTS', 'none'], ['SCAN', '0']),
]

/** Commands whose replies are compared byte by byte, in both protocols; sent by a stranger who knows the password "secret". */
export const wireCases: readonly string[] = [
  'PING',
  'GET none',
  'HGETALL none',
  'ZADD z 1.5 a 2 b|ZRANGE z 0 -1 WITHSCORES|ZRANGEBYSCORE z -inf +inf WITHSCORES|ZSCORE z a|ZSCORE z none',
  'HSET h f 1|HGETALL h',
  'CONFIG GET maxmemory-policy',
  'SET k v|GET k|MGET k none',
  'MULTI|GET k|EXEC',
  'WATCH k|SET k w|MULTI|GET k|EXEC',
  'LPOP none',
  'SADD s a|SMEMBERS s',
  'UNLINK z h k s',
  'NONSENSE',
  'ROLE',
]

/** The bytes that answer these commands, after the greeting's. */
export const wire = (at: { readonly host: string; readonly port: number }, protocol: 2 | 3, commands: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const greeting = protocol === 3 ? 'HELLO 3 AUTH default secret' : 'AUTH secret'
    const socket = createConnection(at.port, at.host, () =>
      socket.write([greeting, 'ECHO begin', ...commands.split('|'), 'QUIT', ''].join('\r\n')),
    )
    let seen = ''
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1')
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(seen.slice(seen.indexOf('begin\r\n') + 7)))
  })
