import { createConnection } from 'node:net'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { taskHash } from '../../../src/lib/sandbox/redis/asynq-worker.ts'
import { type RedisSandbox, startRedis } from '../../../src/lib/sandbox/redis/redis.ts'

let server: RedisSandbox
beforeAll(async () => {
  server = await startRedis({ password: 'secret' })
})
beforeEach(() => server.reset())
afterAll(() => server.stop())

const withClient = async <T>(protocol: 2 | 3, act: (redis: Redis) => Promise<T>): Promise<T> => {
  const redis = new Redis({
    host: server.host,
    port: server.port,
    password: 'secret',
    lazyConnect: true,
    retryStrategy: null,
    protocol,
    commandTimeout: 2000,
  })
  redis.on('error', () => {})
  try {
    return await act(redis)
  } finally {
    redis.disconnect()
  }
}

/** Sends raw bytes and gathers what comes back until the server hangs up or falls silent for a PING's answer. */
const raw = (bytes: Buffer | string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = createConnection(server.port, server.host, () => socket.end(bytes))
    let seen = ''
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1')
    })
    socket.on('close', () => resolve(seen))
    socket.on('error', (error) => (seen ? resolve(seen) : reject(error)))
  })

describe('the embedded Redis', () => {
  test('speaks RESP2 and RESP3, with bytes kept as they are', async () => {
    const bytes = Buffer.from([0, 13, 10, 255, 36, 42])
    for (const protocol of [2, 3] as const) {
      await withClient(protocol, async (redis) => {
        await redis.set(bytes, bytes)
        expect(await redis.getBuffer(bytes)).toEqual(bytes)
        expect(await redis.hgetall('asynq:workers:none')).toEqual({})
        expect(await redis.zscore('asynq:servers', 'none')).toBeNull()
      })
    }
  })

  test('is seeded with the cache of the book and with asynq keys of the right types', async () => {
    await withClient(2, async (redis) => {
      expect(await redis.ttl('residence_ids_user:1')).toBeGreaterThan(200)
      const types = await Promise.all(
        ['asynq:queues', 'asynq:{default}:pending', 'asynq:{default}:scheduled', 'asynq:{default}:archived'].map((key) => redis.type(key)),
      )
      expect(types).toEqual(['set', 'list', 'zset', 'zset'])
      for (const id of await redis.lrange('asynq:{default}:pending', 0, -1))
        expect(await redis.hget(`asynq:{default}:t:${id}`, 'state')).toBe('pending')
    })
  })

  test('expires keys by the clock it is given', async () => {
    let at = 1_000_000
    const clocked = await startRedis({ seeded: false, clock: { now: () => new Date(at), sleep: async () => {} } })
    try {
      clocked.store.set('k', 'v', 5000)
      at += 4999
      expect(clocked.store.keys()).toEqual(['k'])
      at += 1
      expect(clocked.store.keys()).toEqual([])
    } finally {
      await clocked.stop()
    }
  })

  test('runs scripts as Redis does: replies, errors, and nothing of the machine in reach', () =>
    withClient(2, async (redis) => {
      await redis.hset('h', 'a', '1')
      expect(
        await redis.eval(
          'local a, b = unpack(redis.call("HMGET", KEYS[1], "a", "b")) return {a, tostring(b), table.getn(ARGV)}',
          1,
          'h',
          'x',
          'y',
        ),
      ).toEqual(['1', 'false', 2])
      expect(await redis.eval('return redis.status_reply("FINE")', 0)).toBe('FINE')
      expect(await redis.eval('return 3.9', 0)).toBe(3)
      expect(await redis.eval('return nil', 0)).toBeNull()
      await expect(redis.eval('return redis.error_reply("internal error: gone")', 0)).rejects.toThrow('internal error: gone')
      await expect(redis.eval('redis.call("LPUSH", KEYS[1], "x")', 1, 'h')).rejects.toThrow('WRONGTYPE')
      await expect(redis.eval('return os.time()', 0)).rejects.toThrow('ERR')
      await expect(redis.eval('this is no Lua', 0)).rejects.toThrow('ERR Error compiling script')
      await expect(redis.evalsha('0'.repeat(40), 0)).rejects.toThrow('NOSCRIPT')
    }))

  test('evicts what was used longest ago, asynq keys too', async () => {
    await withClient(2, async (redis) => {
      const memory = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1])
      await redis.get('residence_ids_user:40')
      await redis.config('SET', 'maxmemory', String(memory - 2000))
      await redis.set('more', 'x')
      expect(server.counters.evicted).toBeGreaterThan(0)
      expect(await redis.exists('residence_ids_user:1', 'residence_ids_user:40', 'more')).toBe(2)
    })
  })

  test('watches keys: EXEC answers null when another client changed one', async () => {
    await withClient(2, async (redis) => {
      await redis.watch('k')
      server.store.set('k', 'other')
      expect(await redis.multi().set('k', 'mine').exec()).toBeNull()
    })
  })

  test.each([
    [{ kind: 'wrong-password' }, /WRONGPASS/],
    [{ kind: 'read-only' }, /READONLY/],
    [{ kind: 'loading' }, /LOADING/],
    [{ kind: 'silent' }, /timed out/],
    [{ kind: 'hangs-up' }, /closed/],
    [{ kind: 'dies-mid-reply' }, /closed|timed out/],
  ] as const)('can be broken: %o', async (fault, text) => {
    server.fail(fault)
    const redis = new Redis({
      host: server.host,
      port: server.port,
      password: 'secret',
      lazyConnect: true,
      retryStrategy: null,
      maxRetriesPerRequest: 0,
      protocol: 2,
      commandTimeout: 200,
      enableReadyCheck: false,
    })
    const seen: string[] = []
    redis.on('error', (error) => seen.push(error.message))
    try {
      await redis.connect()
      await redis.set('k', 'v'.repeat(100))
    } catch (error) {
      seen.push(String(error))
    } finally {
      redis.disconnect()
    }
    expect(seen.join(' ')).toMatch(text)
    expect(server.store.get('k')?.type === 'string' && fault.kind !== 'dies-mid-reply').toBe(false)
  })

  test('a hook writes between two commands of a client, and a reset forgets it', async () => {
    await withClient(2, async (redis) => {
      server.before('unlink', () => server.store.set('k', 'refilled', 1000))
      expect(await redis.unlink('k')).toBe(1)
      expect(await redis.unlink('k')).toBe(0)
    })
  })

  test('reset and snapshot restore and compare whole worlds', () => {
    const before = Object.keys(server.snapshot())
    server.store.delete('residence_ids_user:3')
    expect(Object.keys(server.snapshot())).not.toEqual(before)
    server.reset()
    expect(Object.keys(server.snapshot()).filter((key) => !key.includes(':t:'))).toEqual(before.filter((key) => !key.includes(':t:')))
  })
})

describe('bytes that are not RESP', () => {
  test('inline commands work with quotes', async () => {
    expect(await raw('AUTH secret\r\nSET "a b" \'c d\'\r\nGET "a b"\r\nQUIT\r\n')).toBe('+OK\r\n+OK\r\n$3\r\nc d\r\n+OK\r\n')
  })

  test.each([
    ['*x\r\n', 'invalid multibulk length'],
    ['*1\r\n+PING\r\n', "expected '$', got '+'"],
    ['*1\r\n$-5\r\n', 'invalid bulk length'],
    ['GET "open\r\n', 'unbalanced quotes in request'],
  ])('%j is a protocol error', async (bytes, text) => {
    expect(await raw(bytes)).toBe(`-ERR Protocol error: ${text}\r\n`)
  })

  test('any chunking gives the same answers, and random bytes never stop the server', async () => {
    // A small generator with a fixed seed: the same 300 inputs each time.
    let state = 7
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return (state >>> 8) % below
    }
    const alphabet = '*$0123456789\r\n+-:PINGSCANget \'"\u0000\u00ff'
    const inputs = Array.from({ length: 300 }, () =>
      Array.from({ length: 1 + random(60) }, () => alphabet[random(alphabet.length)]).join(''),
    )
    for (let i = 0; i < inputs.length; i += 25) await Promise.all(inputs.slice(i, i + 25).map((text) => raw(Buffer.from(text, 'latin1'))))
    const request = '*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n*2\r\n$4\r\nECHO\r\n$4\r\na\r\nb\r\n'
    for (let cut = 1; cut < request.length; cut++) {
      const seen = await new Promise<string>((resolve) => {
        const socket = createConnection(server.port, server.host, () => {
          socket.setNoDelay(true)
          socket.write(request.slice(0, cut))
          setImmediate(() => socket.end(request.slice(cut)))
        })
        let text = ''
        socket.on('data', (chunk) => {
          text += chunk.toString()
        })
        socket.on('close', () => resolve(text))
      })
      expect(seen).toBe('+OK\r\n$4\r\na\r\nb\r\n')
    }
  })
})

test('what a worker had begun is seen as active by whoever looks, also when the next worker takes it over at once', async () => {
  const prefix = 'asynq:{default}:'
  const [one, two] = [new AbortController(), new AbortController()]
  server.store.put(`${prefix}t:a`, taskHash({ id: 'a', type: 'notification:push' }, 'pending'))
  server.store.put(`${prefix}pending`, { type: 'list', items: ['a'] })
  const state = () => {
    const task = server.store.get(`${prefix}t:a`)
    return task?.type === 'hash' ? task.fields.get('state') : 'gone'
  }
  server.work('worker-1', one.signal, true)
  expect(state()).toBe('active')
  one.abort()
  server.work('worker-2', two.signal, true)
  expect(state()).toBe('active')
  await expect.poll(state, { timeout: 5000 }).toBe('gone')
  two.abort()
})
