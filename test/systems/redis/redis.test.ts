import { createConnection, createServer, type Socket } from 'node:net'
import { createServer as secured } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { Trouble, Unreachable, Usage } from '../../../src/lib/errors.ts'
import { refuseUserId } from '../../../src/lib/residence-ids.ts'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { type RedisSandbox, startRedis } from '../../../src/lib/sandbox/redis/redis.ts'
import { startSlowPort } from '../../../src/lib/sandbox/slow-port.ts'
import { Secret } from '../../../src/lib/secret.ts'
import type { RedisAccess } from '../../../src/lib/systems/redis/connection.ts'
import { redisSystem } from '../../../src/lib/systems/redis/redis.ts'
import { dialThrough } from '../../../src/lib/systems/redis/through.ts'
import type { Forgetting } from '../../../src/lib/systems/redis/types.ts'

let server: RedisSandbox
let closed: number
const open: ReturnType<typeof redisSystem>[] = []

beforeAll(async () => {
  server = await startRedis({ password: 'secret' })
})
beforeEach(() => {
  closed = 0
  server.reset()
})
afterEach(async () => {
  for (const system of open.splice(0)) await system.close()
})
afterAll(() => server.stop())

const connect = (access: Partial<RedisAccess> = {}) => {
  const system = redisSystem({
    dial: async () => ({
      host: server.host,
      port: server.port,
      name: 'deploy/redis',
      close: async () => {
        closed++
      },
    }),
    password: async () => new Secret('secret'),
    clock: systemClock,
    timeout: 1000,
    ...access,
  })
  open.push(system)
  return system
}

const troubleOf = async (work: Promise<unknown>): Promise<Trouble> => {
  try {
    await work
  } catch (error) {
    if (error instanceof Trouble) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('reading', () => {
  test('INFO in numbers', async () => {
    const info = await connect().read.info()
    expect(info).toMatchObject({
      version: '7.0.15',
      role: 'master',
      loading: false,
      maxMemory: 268_435_456,
      policy: 'allkeys-lru',
      hits: 9412,
      misses: 588,
    })
    expect(info.usedMemory).toBeGreaterThan(1_000_000)
  })

  test('lives of keys: present, absent, without expiry', async () => {
    server.store.set('residence_ids_user:7', '[]', 60_000)
    server.store.set('residence_ids_user:8', '[]')
    const [one, two, three] = await connect().read.lives(['residence_ids_user:7', 'residence_ids_user:8', 'residence_ids_user:999'])
    expect(one).toMatchObject({ present: true, expiresAt: server.store.expiresAt('residence_ids_user:7') })
    expect(two).toEqual({ key: 'residence_ids_user:8', present: true })
    expect(three).toEqual({ key: 'residence_ids_user:999', present: false })
  })

  test('queue depth of asynq', async () => {
    expect(await connect().read.queues()).toEqual([
      { queue: 'default', pending: 2, active: 1, scheduled: 3, retry: 1, archived: 1, paused: false },
    ])
  })

  test('100 000 keys are scanned whole, and a bound ends a scan early and says so', async () => {
    for (let i = 1; i <= 100_000; i++) server.store.set(`residence_ids_user:${i}`, '[1]', 300_000)
    const { read } = connect()
    const whole = await read.scan('residence_ids_user:*')
    expect([whole.keys.length, whole.complete]).toEqual([100_000, true])
    const part = await read.scan('residence_ids_user:*', { keys: 5000 })
    expect(part.complete).toBe(false)
    expect(part.keys.length).toBeLessThan(10_000)
    expect(server.log).not.toContain('keys')
  })
})

describe('writing', () => {
  // The sandbox loads its Lua when the first script comes, which may take longer than these connections wait.
  beforeAll(() => import('../../../src/lib/sandbox/redis/lua.ts'))

  test('deletes the keys of these users and nothing else, by UNLINK', async () => {
    const before = Object.keys(server.snapshot())
    await connect().write.forgetResidenceIds(['3', '4', '5000'])
    expect(before.filter((key) => !server.store.get(key))).toEqual(['residence_ids_user:3', 'residence_ids_user:4'])
    expect(server.log.filter((name) => /del|flush|keys/.test(name))).toEqual([])
  })

  const whole = (more: Partial<Forgetting> = {}): Forgetting => ({
    ttl: 300_000,
    most: 100_000,
    signal: new AbortController().signal,
    ...more,
  })

  test.each([
    'residence_ids_user:',
    'residence_ids_user:*',
    'residence_ids_user:0',
    'residence_ids_user:01',
    'residence_ids_user:1\nx',
    'residence_ids_user:9223372036854775808',
    'residence_ids_user:92233720368547758070',
    'xresidence_ids_user:1',
    'asynq:queues',
  ])('a pass over the family leaves %j alone', async (key) => {
    if (!server.store.get(key)) server.store.set(key, 'x', 1000_000)
    await connect().write.forgetAllResidenceIds(whole())
    expect(server.store.keys()).toContain(key)
    expect(server.store.keys().filter((other) => other !== key && other.startsWith('residence_ids_user'))).toEqual([])
  })

  test('a pass over the family takes the greatest user id there is', async () => {
    server.store.set('residence_ids_user:9223372036854775807', 'x', 1000)
    await connect().write.forgetAllResidenceIds(whole())
    expect(server.store.keys()).not.toContain('residence_ids_user:9223372036854775807')
  })

  test('a key that lives longer than the family stops the pass and stays', async () => {
    for (const life of [300_001_000, undefined]) {
      server.store.set('residence_ids_user:77', '[1]', life)
      const error = await troubleOf(connect().write.forgetAllResidenceIds(whole()))
      expect(error).toMatchObject({ exitCode: 8, code: 'redis-family-moved', failed: expect.stringContaining('residence_ids_user:77') })
      expect(server.store.get('residence_ids_user:77')).toBeDefined()
    }
  })

  test('a pass is stopped at any step, and run again it deletes the rest', async () => {
    for (let i = 1; i <= 5000; i++) server.store.set(`residence_ids_user:${i}`, '[1]', 200_000)
    const left = () => server.store.keys().filter((key) => key.startsWith('residence_ids_user')).length
    const stopping = new AbortController()
    server.before('evalsha', () => stopping.abort(new Error('stopped')))
    await expect(connect().write.forgetAllResidenceIds(whole({ signal: stopping.signal }))).rejects.toThrow('stopped')
    expect(left()).toBeGreaterThan(3000)
    expect(left()).toBeLessThan(5000)
    await connect().write.forgetAllResidenceIds(whole())
    expect(left()).toBe(0)
  })

  test('keys without an end stop the pass', async () => {
    for (let i = 1; i <= 5000; i++) server.store.set(`residence_ids_user:${i}`, '[1]', 200_000)
    const error = await troubleOf(connect().write.forgetAllResidenceIds(whole({ most: 2000 })))
    expect(error).toMatchObject({ exitCode: 8, failed: 'more than 2000 keys were found' })
    expect(server.store.keys()).toContain('asynq:queues')
  })

  test('a family is counted without a key on the wire, by a sample where there are many', async () => {
    const { read } = connect()
    server.store.set('residence_ids_user:abc', 'x', 1000)
    server.store.set('residence_ids_user:9', '[1]')
    const { keys, foreign, longer, firstLonger, sampled } = await read.family(300_000)
    expect({ keys, foreign, longer, firstLonger, sampled }).toEqual({
      keys: server.store.keys().filter((key) => /^residence_ids_user:\d+$/.test(key)).length,
      foreign: 1,
      longer: 1,
      firstLonger: 'residence_ids_user:9',
      sampled: undefined,
    })
    for (let i = 1; i <= 12_000; i++) server.store.set(i % 4 ? `residence_ids_user:${i}` : `other:${i}`, '[1]', 200_000)
    const many = await read.family(300_000, 5000)
    expect(many.sampled).toEqual({ looked: 5000, of: server.store.keys().length })
    expect(many.keys).toBeGreaterThan(8000)
    expect(many.keys).toBeLessThan(10_000)
    expect(many.keys % 10).toBe(0)
  })

  test('what was there when a pass began is told from what was written since', async () => {
    const { read } = connect()
    server.store.set('residence_ids_user:5', '[1]', 299_000)
    const { began } = await read.family(300_000)
    expect(await read.oldOfFamily(300_000, began)).toMatchObject({ first: expect.stringMatching(/^residence_ids_user:\d+$/) })
    for (const key of server.store.keys()) if (key.startsWith('residence_ids_user:')) server.store.set(key, '[2]', 300_000)
    expect(await read.oldOfFamily(300_000, began)).toEqual({ keys: 0, more: false })
    server.store.set('residence_ids_user:5', '[1]')
    expect(await read.oldOfFamily(300_000, began)).toMatchObject({ keys: 1, first: 'residence_ids_user:5' })
  })

  test.each(['*', '1 2', '1*', '', '0', '-1', '01', '1\n', '٣', '1:2', '{1}', '9223372036854775808', '1e3'])(
    '%j is no user id',
    async (id) => {
      expect(refuseUserId(id)).toContain('no user id')
      expect(await troubleOf(Promise.resolve().then(() => connect().write.forgetResidenceIds([id])))).toBeInstanceOf(Usage)
    },
  )

  test('says the line that does the same, without a password in it', () => {
    const { say } = connect()
    expect(say.forgetResidenceIds(['42']).line).toBe(
      `kubectl -n honeydue exec deploy/redis -- sh -c 'export REDISCLI_AUTH="$REDIS_PASSWORD"; redis-cli -e unlink residence_ids_user:42'`,
    )
  })
})

describe('a Redis that is not well', () => {
  test.each([
    [{ kind: 'wrong-password' }, 'redis-credentials'],
    [{ kind: 'loading' }, 'redis-loading'],
    [{ kind: 'silent' }, 'redis-silent'],
    [{ kind: 'hangs-up' }, 'redis-unreachable'],
    [{ kind: 'dies-mid-reply' }, 'redis-unreachable'],
  ] as const)('%o is told as %s', async (fault, code) => {
    server.fail(fault)
    const system = connect({ timeout: 300 })
    const error = await troubleOf(system.read.info())
    expect(error).toBeInstanceOf(Unreachable)
    expect([error.code, error.failed.includes('deploy/redis'), error.next === undefined]).toEqual([code, true, false])
    expect(JSON.stringify(error)).not.toContain('secret')
  })

  test('the words of one that resets whoever writes first are waited for by listening alone', async () => {
    const words =
      '-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user.\r\n'
    const listener = createServer((socket) => {
      socket.on('error', () => {})
      const late = setTimeout(() => socket.end(words), 100)
      socket.once('data', () => {
        clearTimeout(late)
        socket.resetAndDestroy()
      })
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as { port: number }
    const error = await troubleOf(connect({ dial: async () => ({ host: '127.0.0.1', port, close: async () => {} }) }).read.info())
    listener.close()
    expect(error.code).toBe('redis-protected')
  })

  const strangers: readonly (readonly [what: string, meet: (socket: Socket) => void, likely: RegExp])[] = [
    [
      'a web server',
      (one) => one.once('data', () => one.end('HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n')),
      /^it begins with "HTTP\/1.1 400 Bad Request": /,
    ],
    ['an SSH server', (one) => one.write('SSH-2.0-OpenSSH_9.6\r\n'), /^it begins with "SSH-2.0-OpenSSH_9.6": /],
    ['one that speaks in bytes', (one) => one.write(Buffer.from('4a0000000a38', 'hex')), /^it begins with "J\\u0000\\u0000\\u0000": /],
    [
      'one that refuses what is no TLS',
      (one) => one.once('data', () => one.end(Buffer.from('15030300020246', 'hex'))),
      /^it speaks TLS, and we do not: /,
    ],
  ]
  test.each(strangers)('%s in its place is told as what it is', async (_, meet, likely) => {
    const listener = createServer((socket) => meet(socket.on('error', () => {})))
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as { port: number }
    const error = await troubleOf(connect({ dial: async () => ({ host: '127.0.0.1', port, close: async () => {} }) }).read.info())
    listener.close()
    expect(error).toMatchObject({ code: 'redis-not-redis', likely: expect.stringMatching(likely) })
  })

  test('a port that wants TLS, and cuts off whoever does not, is told as such', async () => {
    const { certificate, key } = createAuthority('elsewhere').issue({ commonName: 'redis', names: ['redis'] })
    const listener = secured({ cert: certificate, key })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as { port: number }
    const error = await troubleOf(connect({ dial: async () => ({ host: '127.0.0.1', port, close: async () => {} }) }).read.info())
    listener.close()
    expect(error).toMatchObject({ code: 'redis-not-redis', likely: expect.stringMatching(/^it speaks TLS, and we do not: /) })
  })

  test('one whose connections are all taken says so, with a password of ours and without', async () => {
    server.fail({ kind: 'full' })
    for (const password of [new Secret('secret'), undefined]) {
      const error = await troubleOf(connect({ password: async () => password }).read.info())
      expect(error).toMatchObject({ code: 'redis-too-many-clients', likely: expect.stringMatching(/^ERR max number of clients reached; /) })
    }
  })

  test('silence after the connection is told too, and the next question finds it healed', async () => {
    const { read } = connect({ timeout: 300 })
    await read.info()
    server.fail({ kind: 'silent' })
    expect((await troubleOf(read.info())).code).toBe('redis-silent')
    expect(closed).toBe(1)
    server.fail(undefined)
    expect((await read.info()).role).toBe('master')
  })

  test('of many questions that fail together on one connection, one closes it, and Node has nothing to warn of', async () => {
    const warnings: string[] = []
    const heard = ({ name }: Error) => warnings.push(name)
    process.on('warning', heard)
    const { read } = connect({ timeout: 300 })
    await read.info()
    server.fail({ kind: 'silent' })
    const asked = await Promise.allSettled(Array.from({ length: 12 }, () => read.info()))
    await new Promise(setImmediate)
    process.off('warning', heard)
    expect(asked.map(({ status }) => status)).toEqual(Array(12).fill('rejected'))
    expect([warnings, closed]).toEqual([[], 1])
  })

  test('F10: what one look waits for is limited in all: question after question, however soon each is answered; the next look begins anew', async () => {
    const slow = await startSlowPort(server.port, 150)
    const system = connect({
      dial: async () => ({ host: '127.0.0.1', port: slow.port, close: async () => {} }),
      lookLimit: 2000,
      timeout: 5000,
    })
    const look = system.oneLook?.() ?? system.read
    const asking = async () => {
      for (let i = 0; i < 20; i++) await look.info()
    }
    expect(await troubleOf(asking())).toMatchObject({ code: 'redis-slow', failed: expect.stringContaining('within 2 s') })
    expect(await troubleOf(look.target())).toMatchObject({ code: 'redis-slow' })
    expect((await (system.oneLook?.() ?? look).info()).role).toBe('master')
    await slow.stop()
  })

  test('over a slow line a pass over the keys ends in time for what is asked after it', async () => {
    for (let i = 0; i < 20_000; i++) server.store.set(`many:${i}`, '')
    const slow = await startSlowPort(server.port, 150)
    const system = connect({
      dial: async () => ({ host: '127.0.0.1', port: slow.port, close: async () => {} }),
      lookLimit: 5500,
      timeout: 5000,
    })
    const look = system.oneLook?.() ?? system.read
    expect((await look.scan('*')).complete).toBe(false)
    expect((await look.info()).role).toBe('master')
    await slow.stop()
  })

  test('a replica is readable, and refuses a delete', async () => {
    server.fail({ kind: 'read-only' })
    const { read, write } = connect()
    expect((await read.info()).role).toBe('slave')
    expect(await troubleOf(write.forgetResidenceIds(['1']))).toMatchObject({ code: 'redis-read-only' })
  })

  test('no password where one is needed', async () => {
    expect(await troubleOf(connect({ password: async () => undefined }).read.info())).toMatchObject({ code: 'redis-credentials' })
  })

  test('a refused port, and the way in is taken down again', async () => {
    const listener = createServer()
    const port = await new Promise<number>((resolve) => {
      listener.listen(0, '127.0.0.1', () => {
        const address = listener.address()
        listener.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
      })
    })
    const dial = async () => ({
      host: '127.0.0.1',
      port,
      close: async () => {
        closed++
      },
    })
    const error = await troubleOf(connect({ dial }).read.info())
    expect([error.code, error.failed.includes('ECONNREFUSED'), closed]).toEqual(['redis-unreachable', true, 1])
  })

  test('an aborted run stops waiting', async () => {
    server.fail({ kind: 'silent' })
    const stop = new AbortController()
    const reading = connect({ signal: stop.signal, timeout: 20_000 }).read.info()
    stop.abort(new Error('stopped'))
    await expect(reading).rejects.toThrow()
  })
})

describe('through a stream', () => {
  const stream = async () => createConnection(server.port, server.host)

  test('a port-forward or an SSH channel serves as the way in', async () => {
    const { read } = connect({ dial: () => dialThrough(stream, 'deploy/redis over hetzner1') })
    expect(await read.target()).toBe('deploy/redis over hetzner1')
    expect((await read.scan('residence_ids_user:*')).keys).toHaveLength(40)
  })

  test('a stream that is cut is told as unreachable, not waited for, and the next question opens another', async () => {
    const streams: Awaited<ReturnType<typeof stream>>[] = []
    const open = async () => {
      const fresh = await stream()
      streams.push(fresh)
      return fresh
    }
    const { read } = connect({ dial: () => dialThrough(open, 'deploy/redis'), timeout: 20_000 })
    await read.info()
    server.before('info', () => streams[0]?.destroy())
    expect((await troubleOf(read.info())).code).toBe('redis-unreachable')
    expect((await read.info()).role).toBe('master')
    expect(streams).toHaveLength(2)
  })
})
