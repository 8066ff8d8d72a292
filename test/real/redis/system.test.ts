import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { Secret } from '../../../src/lib/environment/secret.ts'
import { Trouble } from '../../../src/lib/plan/errors.ts'
import { redisSystem } from '../../../src/lib/systems/redis/redis.ts'
import { password, redisClient } from '../../contract/redis/world.ts'
import { lostReplica, type RealRedis, startRealRedis } from './server.ts'

let server: RealRedis
const open: ReturnType<typeof redisSystem>[] = []

beforeAll(async () => {
  server = await startRealRedis()
})
afterEach(async () => {
  for (const system of open.splice(0)) await system.close()
})
afterAll(() => server?.stop())

const connect = (to: RealRedis, given = password) => {
  const system = redisSystem({
    dial: async () => ({ host: to.host, port: to.port, name: 'deploy/redis', close: async () => {} }),
    password: async () => new Secret(given),
    clock: systemClock,
    timeout: 2000,
  })
  open.push(system)
  return system
}

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'nothing was thrown'
  } catch (error) {
    if (error instanceof Trouble) return error.code
    throw error
  }
}

/** Writes keys inside the server, in batches small enough that it may evict between them. */
const fill = async (count: number, prefix: string, value: string, batch = 10_000) => {
  const script = `for i = ARGV[1], ARGV[2] do redis.call('SET', ARGV[3] .. i, ARGV[4], 'EX', 300) end`
  const redis = redisClient(server, password)
  try {
    for (let at = 0; at < count; at += batch) await redis.eval(script, 0, at + 1, Math.min(count, at + batch), prefix, value)
    await redis.lpush('asynq:{default}:pending', 'a', 'b')
    await redis.sadd('asynq:queues', 'default')
  } finally {
    redis.disconnect()
  }
}

test('a million cache keys beside asynq: scanned whole, deleted whole, the queue untouched', async () => {
  await fill(1_000_000, 'residence_ids_user:', '[1]')
  const { read, write } = connect(server)
  const { keys, complete } = await read.scan('residence_ids_user:*')
  expect([keys.length, complete]).toEqual([1_000_000, true])
  await write.forgetAllResidenceIds(keys, 'residence_ids_user:*')
  expect([...(await read.scan('*')).keys].sort()).toEqual(['asynq:queues', 'asynq:{default}:pending'])
  expect(await read.queues()).toMatchObject([{ queue: 'default', pending: 2 }])
})

test('filled to 256 MB under allkeys-lru: evictions are seen, and a delete still works', async () => {
  await fill(60_000, 'big:', 'x'.repeat(5000), 1000)
  await fill(1, 'residence_ids_user:', '[1]')
  const { read, write } = connect(server)
  const info = await read.info()
  expect([info.maxMemory, info.policy, info.evictedKeys > 0, info.usedMemory <= info.maxMemory * 1.02]).toEqual([
    268_435_456,
    'allkeys-lru',
    true,
    true,
  ])
  await write.forgetResidenceIds(['1'])
  expect(await read.lives(['residence_ids_user:1'])).toEqual([{ key: 'residence_ids_user:1', present: false }])
})

test('a wrong password is told as such', async () => {
  expect(await codeOf(connect(server, 'another').read.info())).toBe('redis-credentials')
})

test('a replica refuses a delete', async () => {
  const replica = await startRealRedis(lostReplica)
  try {
    expect(await codeOf(connect(replica).write.forgetResidenceIds(['1']))).toBe('redis-read-only')
  } finally {
    await replica.stop()
  }
})

test('a server frozen by SIGSTOP is silent, before and after the connection', async () => {
  const frozen = await startRealRedis()
  try {
    const connected = connect(frozen)
    await connected.read.info()
    process.kill(frozen.pid, 'SIGSTOP')
    expect(await codeOf(connected.read.info())).toBe('redis-silent')
    expect(await codeOf(connect(frozen).read.info())).toBe('redis-silent')
  } finally {
    process.kill(frozen.pid, 'SIGCONT')
    await frozen.stop()
  }
})
