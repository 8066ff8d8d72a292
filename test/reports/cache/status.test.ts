import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { cacheFindings, cacheNotes, hitRate } from '../../../src/lib/reports/cache/findings.ts'
import { gatherCacheStatus } from '../../../src/lib/reports/cache/gather.ts'
import { cacheStatus } from '../../../src/lib/reports/cache/status.ts'
import { type RedisSandbox, startRedis } from '../../../src/lib/sandbox/redis/redis.ts'
import { Secret } from '../../../src/lib/secret.ts'
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

test('a healthy Redis has nothing to tell but what is so every day', async () => {
  const seen = await status()
  expect(cacheFindings(seen)).toEqual([])
  expect(cacheNotes(seen)).toEqual([
    'allkeys-lru may evict queued jobs: cache and asynq share this Redis',
    'Queue default keeps 1 archived task that failed for good',
  ])
})

test('noeviction at the limit is wrong now, with what was refused and its cure', async () => {
  const client = new Redis({ host: server.host, port: server.port, password: 'secret', protocol: 2, disableClientInfo: true })
  await client.config('SET', 'maxmemory-policy', 'noeviction')
  await client.config('SET', 'maxmemory', '1000000')
  for (const key of ['a', 'b']) await expect(client.set(key, 'x')).rejects.toThrow('OOM')
  client.disconnect()
  const [first] = await wrong()
  expect(first?.text).toBe('Redis is full (1 MB of 1 MB) and evicts nothing: every write fails now, 2 were refused since Redis started')
  expect(first?.next).toBe('honeydue cache:policy --to allkeys-lru')
})

test.each([
  ['info', "NOPERM this user has no permissions to run the 'info' command", 'INFO was refused: NOPERM'],
  ['smembers', 'WRONGTYPE Operation against a key holding the wrong kind of value', 'The list of queues was refused: WRONGTYPE'],
  ['llen', 'NOPERM no', 'A number of queue default was refused: NOPERM no'],
  ['scan', "ERR unknown command 'scan', with args beginning with: '0' ", "The scan of keys was refused: ERR unknown command 'scan'"],
  ['ping', 'MISCONF Redis is configured to save RDB snapshots', undefined],
  ['pexpiretime', "ERR unknown command 'PEXPIRETIME'", undefined],
] as const)('%s refused costs its own line: %s', async (name, words, told) => {
  server.fail({ kind: 'refuses', commands: [name], words })
  const seen = await status()
  const found = cacheFindings(seen)
  expect(found.map(({ text }) => text)).toEqual(told === undefined ? [] : [expect.stringContaining(told)])
  expect(await wrong()).toEqual([])
  if (name !== 'scan')
    expect(seen.families.find(({ pattern }) => pattern === 'residence_ids_user:*')).toMatchObject({ keys: 40, withoutTtl: 0 })
  if (name === 'info') expect((await cacheStatus.look({}, { redis: redis.read }, contextOf())).tables[0]?.rows).toHaveLength(1)
})

test('20 000 keys without a colon are one line, asked for in few round trips; a long name pushes nothing aside', async () => {
  for (let i = 0; i < 20_000; i++) server.store.set(`task-result-${i}`, 'x', 60_000)
  server.store.set(`${'k'.repeat(5000)}:1`, 'x')
  server.store.set(`${'k'.repeat(5000)}:2`, 'x')
  const seen = await status()
  expect(seen.others).toBeGreaterThanOrEqual(20_000)
  expect(seen.families.length).toBeLessThan(50)
  expect(server.log.length).toBeLessThan(2000)
  const { rows = [] } = (await cacheStatus.look({}, { redis: redis.read }, contextOf())).tables[1] ?? {}
  expect(rows.at(-1)).toEqual(['others', String(seen.others), '', ''])
  expect(Math.max(...rows.map(([name = '']) => name.length))).toBeLessThan(50)
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
