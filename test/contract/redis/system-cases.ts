import { createConnection } from 'node:net'
import { systemClock } from '../../../src/lib/clock.ts'
import { Trouble } from '../../../src/lib/errors.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { redisSystem } from '../../../src/lib/systems/redis/redis.ts'
import type { ContractCase } from '../contract.ts'
import { type Place, password, type RedisWorld, type Refusing, redisClient } from './world.ts'

type System = ReturnType<typeof redisSystem>

/** What `use` gives with honeydue's own connection, or the code of its refusal. */
const over = async <T>(at: Place, use: (system: System) => Promise<T>, given = password): Promise<T | string> => {
  const system = redisSystem({
    dial: async () => ({ ...at, name: 'deploy/redis', close: async () => {} }),
    password: async () => new Secret(given),
    clock: systemClock,
    timeout: 2000,
  })
  try {
    return await use(system)
  } catch (error) {
    if (error instanceof Trouble) return error.code
    throw error
  } finally {
    await system.close()
  }
}

/** The code of a refusal with what stands in its cause. */
const told = async <T>(at: Place, use: (system: System) => Promise<T>): Promise<string> => {
  const system = redisSystem({
    dial: async () => ({ ...at, name: 'deploy/redis', close: async () => {} }),
    password: async () => new Secret(password),
    clock: systemClock,
    timeout: 2000,
  })
  try {
    await use(system)
    return 'not refused'
  } catch (error) {
    if (error instanceof Trouble) return `${error.code}: ${error.likely}`
    throw error
  } finally {
    await system.close()
  }
}

const refusals: readonly (readonly [how: Refusing, use: (system: System) => Promise<unknown>, says: string])[] = [
  [
    'busy',
    ({ read }) => read.scan('*'),
    'redis-busy: BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.; a script runs longer than lua-time-limit',
  ],
  ['loading', ({ read }) => read.scan('*'), 'redis-loading: LOADING Redis is loading the dataset in memory; it was restarted a moment ago'],
  [
    'acl',
    ({ read }) => read.info(),
    "redis-not-permitted: NOPERM this user has no permissions to run the 'info' command; an ACL of its user keeps it from us",
  ],
  [
    'key',
    ({ read }) => read.queues(),
    'redis-not-permitted: NOPERM this user has no permissions to access one of the keys used as arguments; an ACL of its user keeps it from us',
  ],
  ['renamed', ({ write }) => write.forgetResidenceIds(['7']), "redis-refused: ERR unknown command 'unlink'"],
  // Its own words repeat what was sent: the password.
  ['renamed-auth', ({ read }) => read.info(), "redis-refused: ERR unknown command 'auth'"],
  [
    'disk',
    ({ write }) => write.forgetResidenceIds(['7']),
    "redis-cannot-save: MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.; its last save to the disk failed: the disk is full, or cannot be written",
  ],
  [
    'no-primary',
    ({ read }) => read.scan('*'),
    "redis-no-primary: MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.; the primary is down, or cannot be reached from there",
  ],
  [
    'full',
    ({ read }) => read.info(),
    'redis-too-many-clients: ERR max number of clients reached; all that it allows (maxclients) are taken: more pods than usual are connected, or something opens connections and does not close them',
  ],
  [
    'protected',
    ({ read }) => read.info(),
    'redis-protected: DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface.; it runs without a password, in protected mode',
  ],
]

const words = (...all: readonly string[]): string =>
  [`*${all.length}`, ...all.flatMap((word) => [`$${word.length}`, word]), ''].join('\r\n')

/** Sends commands that answer with one line each, a thousand at a time. */
const send = (at: Place, commands: Iterable<string>): Promise<void> =>
  new Promise((resolve, reject) => {
    const all = commands[Symbol.iterator]()
    const socket = createConnection(at.port, at.host)
    let awaited = 0
    const more = () => {
      const batch: string[] = []
      for (let next = all.next(); !next.done; next = all.next()) {
        batch.push(next.value)
        if (batch.length === 1000) break
      }
      if (batch.length === 0) return void socket.end(resolve)
      awaited = batch.length
      socket.write(batch.join(''))
    }
    socket.on('error', reject).on('connect', more)
    socket.on('data', (chunk) => {
      for (const byte of chunk) if (byte === 0x0a) awaited -= 1
      if (chunk.includes('-ERR') || chunk.includes('-OOM')) socket.destroy(new Error(chunk.toString()))
      else if (awaited === 0) more()
    })
  })

/** Cached keys of the server's, and the two of a queue. */
function* keys(count: number, prefix: string, value: string): Generator<string> {
  yield words('AUTH', password)
  for (let n = 1; n <= count; n++) yield words('SET', `${prefix}${n}`, value, 'EX', '3000')
  yield words('LPUSH', 'asynq:{default}:pending', 'a', 'b')
  yield words('SADD', 'asynq:queues', 'default')
}

const withAdmin = async <T>({ primary }: RedisWorld, use: (admin: ReturnType<typeof redisClient>) => Promise<T>): Promise<T> => {
  const admin = redisClient(primary, password)
  try {
    return await use(admin)
  } finally {
    admin.disconnect()
  }
}

/** What it refuses, and what stands behind keys. */
export const refusalCases: readonly ContractCase<RedisWorld>[] = [
  ...refusals.map(([how, use, says]) => ({
    name: `it refuses (${how}), in its own words`,
    expected: says,
    give: async (world: RedisWorld) => told(await world.refusing(how), use),
  })),
  {
    name: 'keys behind a queue that are of another type cost their numbers; a list of queues that is none costs its line',
    expected: [
      [{ queue: 'default', refused: 'WRONGTYPE Operation against a key holding the wrong kind of value', scheduled: 2 }],
      'redis-wrong-type',
    ],
    give: (world) =>
      withAdmin(world, async (admin) => {
        await admin.sadd('asynq:queues', 'default')
        await admin.set('asynq:{default}:pending', 'x')
        await admin.zadd('asynq:{default}:scheduled', 1, 'a', 2, 'b')
        const queues = await over(world.primary, async ({ read }) =>
          (await read.queues()).map(({ queue, refused, scheduled }) => ({ queue, refused, scheduled })),
        )
        await admin.set('asynq:queues', 'x')
        return [queues, await over(world.primary, ({ read }) => read.queues())]
      }),
  },
  {
    name: 'a key that ends between the scan and the question about it is absent, and no error',
    expected: [{ key: 'residence_ids_user:7', present: false }],
    give: (world) =>
      withAdmin(world, async (admin) => {
        await admin.set('residence_ids_user:7', '[1]')
        return over(world.primary, async ({ read }) => {
          const { keys } = await read.scan('residence_ids_user:*')
          await admin.pexpire('residence_ids_user:7', 0)
          return read.lives(keys)
        })
      }),
  },
]

/** Of the keys above, in milliseconds. */
const ttl = 3_000_000

/** What cache:status and cache:invalidate rely on, over honeydue's own connection, at the size of the real deployment. Seconds each. */
export const redisSystemCases: readonly ContractCase<RedisWorld>[] = [
  ...refusalCases,
  {
    name: 'three hundred thousand cache keys beside asynq: scanned whole, deleted whole, the queue untouched',
    expected: {
      found: 300_000,
      counted: { keys: 300_000, longer: 0 },
      left: ['asynq:queues', 'asynq:{default}:pending'],
      queues: [{ queue: 'default', pending: 2 }],
    },
    give: async ({ primary }) => {
      await send(primary, keys(300_000, 'residence_ids_user:', '[1]'))
      return over(primary, async ({ read, write }) => {
        const { keys: found } = await read.scan('residence_ids_user:*')
        const { keys, longer } = await read.family(ttl)
        await write.forgetAllResidenceIds({ ttl, most: 600_000, signal: new AbortController().signal })
        const left = [...(await read.scan('*')).keys].sort()
        const queues = (await read.queues()).map(({ queue, pending }) => ({ queue, pending }))
        return { found: found.length, counted: { keys, longer }, left, queues }
      })
    },
  },
  {
    name: 'filled to 256 MB under allkeys-lru: evictions are seen, and a delete still works',
    expected: {
      maxMemory: 268_435_456,
      policy: 'allkeys-lru',
      evicted: true,
      full: true,
      left: [{ key: 'residence_ids_user:1', present: false }],
    },
    give: async ({ primary }) => {
      await send(primary, keys(60_000, 'big:', 'x'.repeat(5000)))
      await send(primary, keys(1, 'residence_ids_user:', '[1]'))
      return over(primary, async ({ read, write }) => {
        const { maxMemory, policy, evictedKeys, usedMemory } = await read.info()
        await write.forgetResidenceIds(['1'])
        return {
          maxMemory,
          policy,
          evicted: evictedKeys > 0,
          full: usedMemory > (maxMemory ?? 0) * 0.9 && usedMemory < (maxMemory ?? 0) * 1.02,
          left: await read.lives(['residence_ids_user:1']),
        }
      })
    },
  },
  {
    name: 'a wrong password is told as such',
    expected: 'redis-credentials',
    give: ({ primary }) => over(primary, ({ read }) => read.info(), 'another'),
  },
  {
    name: 'a replica refuses a delete',
    expected: 'redis-read-only',
    give: async (world) => over(await world.replica(), ({ write }) => write.forgetResidenceIds(['1'])),
  },
  {
    name: 'a server that falls silent, before and after the connection',
    expected: ['redis-silent', 'redis-silent'],
    give: async (world) => {
      const after = await over(world.primary, async ({ read }) => {
        await read.info()
        await world.freeze()
        return read.info()
      })
      return [after, await over(world.primary, ({ read }) => read.info())]
    },
  },
]
