import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { Secret } from '../../../src/lib/environment/secret.ts'
import { cacheFindings, hitRate } from '../../../src/lib/reports/cache/findings.ts'
import { gatherCacheStatus } from '../../../src/lib/reports/cache/gather.ts'
import { cacheStatus } from '../../../src/lib/reports/cache/status.ts'
import { type RedisSandbox, startRedis } from '../../../src/lib/sandbox/redis/redis.ts'
import { redisSystem } from '../../../src/lib/systems/redis/redis.ts'
import { contextOf } from '../../support/context.ts'

let server: RedisSandbox
let redis: ReturnType<typeof redisSystem>

beforeAll(async () => {
  server = await startRedis({ password: 'secret' })
})
beforeEach(() => {
  server.reset()
  redis = redisSystem({
    dial: async () => ({ host: server.host, port: server.port, close: async () => {} }),
    password: async () => new Secret('secret'),
    clock: systemClock,
    timeout: 1000,
  })
})
afterEach(() => redis.close())
afterAll(() => server.stop())

const status = () => gatherCacheStatus(redis.read, systemClock)
const wrong = async () => cacheFindings(await status()).filter(({ level }) => level === 'wrong')

test('families with counts and lives, queue depth, hit rate; and looking changes nothing', async () => {
  const before = server.snapshot()
  const seen = await status()
  expect(seen.families.find(({ pattern }) => pattern === 'residence_ids_user:*')).toMatchObject({ keys: 40, withoutTtl: 0, sampled: 40 })
  expect(seen.families.find(({ pattern }) => pattern === 'asynq:*')?.withoutTtl).toBeGreaterThan(0)
  expect(seen.families.reduce((sum, { keys }) => sum + keys, 0)).toBe(server.store.keys().length)
  expect([seen.scannedAll, hitRate(seen)]).toEqual([true, 0.9412])
  expect(seen.queues).toMatchObject([{ queue: 'default', pending: 2 }])
  expect(server.snapshot()).toEqual(before)
})

test('a healthy Redis is warned of for the queue that shares it, and is not wrong', async () => {
  expect(await wrong()).toEqual([])
  expect(cacheFindings(await status()).map(({ text }) => text)).toContain(
    'allkeys-lru may evict queued jobs: cache and asynq share this Redis',
  )
})

test('another policy, no limit, a paused queue and a replica are wrong', async () => {
  server.settings.set('maxmemory-policy', 'noeviction')
  server.settings.set('maxmemory', '0')
  server.store.set('asynq:{default}:paused', '1')
  server.fail({ kind: 'read-only' })
  expect((await wrong()).map(({ text }) => text.split(':')[0])).toEqual([
    'This Redis is a slave, not the primary',
    'Redis has no maxmemory',
    'maxmemory-policy is noeviction, not allkeys-lru',
    'Queue default is paused',
  ])
})

test('a full Redis and its evictions are told', async () => {
  server.settings.set('maxmemory', String(1_090_000))
  server.counters.evicted = 12
  expect(cacheFindings(await status()).map(({ text }) => text)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^Redis uses 1 MB of 1 MB/), expect.stringContaining('12 keys were evicted')]),
  )
})

test('the report shows the server, the families and the queues, and no secret', async () => {
  const view = await cacheStatus.look({}, { redis: redis.read }, contextOf())
  expect(view.tables.map(({ title }) => title)).toEqual(['Redis', 'Keys', 'Queues'])
  expect(view.tables[0]?.rows).toContainEqual(['memory', expect.stringMatching(/^1\.\d MB of 256\.0 MB$/)])
  expect(view.tables[1]?.rows).toContainEqual(['residence_ids_user:*', '40', expect.stringMatching(/^2 min – 4 min$/), '0 of 40'])
  expect(view.tables[2]?.rows).toEqual([['default', '2', '1', '3', '1', '1']])
  expect(JSON.stringify(view)).not.toContain('secret')
})
