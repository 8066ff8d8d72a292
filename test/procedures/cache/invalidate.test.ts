import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { Secret } from '../../../src/lib/environment/secret.ts'
import { invalidate } from '../../../src/lib/procedures/cache/invalidate.ts'
import { type RedisSandbox, startRedis } from '../../../src/lib/sandbox/redis/redis.ts'
import { redisSystem } from '../../../src/lib/systems/redis/redis.ts'

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

const users = (...user: readonly string[]) => ({ user, 'all-residence-ids': false, 'at-most': '10000' })
const everyone = (atMost = '10000') => ({ user: [], 'all-residence-ids': true, 'at-most': atMost })

const plan = async (input: ReturnType<typeof users>) => {
  const facts = await invalidate.gather(input, { redis: redis.read })
  const steps = invalidate.steps(facts)
  return { facts, steps, checks: await Promise.all(steps.map(({ check }) => check())) }
}

/** Does what a run does with each step: skip what already holds, apply, look again. */
const run = async (input: ReturnType<typeof users>, planned = plan(input)) => {
  const { steps } = await planned
  const seen: { before: boolean; after: boolean; because?: string }[] = []
  for (const step of steps) {
    const before = await step.verify({ redis: redis.read })
    if (!before.ok) await step.apply({ redis: redis.write })
    const after = await step.verify({ redis: redis.read })
    seen.push({ before: before.ok, after: after.ok, ...(!after.ok && { because: after.because }) })
  }
  return seen
}

describe('one user', () => {
  test('the key is shown with its life, deleted, and nothing else changes', async () => {
    const before = server.snapshot()
    const { steps } = await plan(users('7'))
    expect(steps[0]?.effect[0]).toMatchObject({
      what: 'residence_ids_user:7',
      before: expect.stringMatching(/^present, 4 min \d+ s left$/),
    })
    expect(server.snapshot()).toEqual(before)
    expect(await run(users('7'))).toEqual([{ before: false, after: true }])
    const { 'residence_ids_user:7': gone, ...others } = before
    expect(gone).toBeDefined()
    expect(server.snapshot()).toEqual(others)
  })

  test('an absent key is already so, and nothing is sent', async () => {
    const { steps } = await plan(users('999'))
    expect(steps[0]?.effect[0]?.before).toBe('absent')
    expect(await run(users('999'))).toEqual([{ before: true, after: true }])
    expect(server.log).not.toContain('unlink')
  })

  test('refilled between delete and look: the later expiry tells it', async () => {
    server.store.set('residence_ids_user:7', '[1]', 120_000)
    const { steps } = await plan(users('7'))
    await steps[0]?.apply({ redis: redis.write })
    server.store.set('residence_ids_user:7', '[1,2]', 300_000)
    expect(await steps[0]?.verify({ redis: redis.read })).toEqual({ ok: true })
  })

  test('a delete that did not happen is seen, however long it waits', async () => {
    server.store.set('residence_ids_user:7', '[1]', 120_000)
    const { steps } = await plan(users('7'))
    expect(await steps[0]?.verify({ redis: redis.read })).toEqual({ ok: false, because: 'residence_ids_user:7 is still the one of before' })
  })

  test('a key without expiry that stays is seen, and one refilled with an expiry is not', async () => {
    server.store.set('residence_ids_user:7', '[1]')
    const { steps } = await plan(users('7'))
    expect((await steps[0]?.verify({ redis: redis.read }))?.ok).toBe(false)
    server.store.set('residence_ids_user:7', '[1]', 300_000)
    expect((await steps[0]?.verify({ redis: redis.read }))?.ok).toBe(true)
  })

  test('several users, one given twice', async () => {
    expect(await run(users('3', '4', '3'))).toEqual([
      { before: false, after: true },
      { before: false, after: true },
    ])
  })

  test.each(['*', '7 8', 'asynq:queues', '', '-7'])('%j is refused before anything is read', async (id) => {
    await expect(plan(users(id))).rejects.toMatchObject({ exitCode: 2 })
    expect(server.log).toEqual([])
  })

  test('nobody, or somebody and everybody, is a usage error', async () => {
    await expect(plan(users())).rejects.toMatchObject({ exitCode: 2 })
    await expect(plan({ ...everyone(), user: ['7'] })).rejects.toMatchObject({ exitCode: 2 })
  })
})

describe('every user', () => {
  test('asynq and the other families stay as they are; a key that names no user too', async () => {
    server.store.set('residence_ids_user:abc', 'x', 1000)
    server.store.set('residence_ids_user:7:more', 'x', 1000)
    const before = server.snapshot()
    expect(await run(everyone())).toEqual([{ before: false, after: true }])
    const ours = /^residence_ids_user:\d+$/
    expect(Object.keys(server.snapshot())).toEqual(Object.keys(before).filter((key) => !ours.test(key)))
    expect(server.log.filter((name) => ['keys', 'del', 'flushall', 'flushdb'].includes(name))).toEqual([])
  })

  test('the application refills between scan and delete: the run holds', async () => {
    server.before('unlink', () => server.store.set('residence_ids_user:50', '[5]', 300_000))
    expect(await run(everyone())).toEqual([{ before: false, after: true }])
    expect(server.store.get('residence_ids_user:50')).toBeDefined()
  })

  test('100 000 keys pass only when that many are expected', async () => {
    for (let i = 1; i <= 100_000; i++) server.store.set(`residence_ids_user:${i}`, '[1]', 200_000)
    const planned = await plan(everyone('100000'))
    expect(planned.checks).toEqual([{ ok: true }])
    expect(await Promise.all(invalidate.steps({ ...planned.facts, atMost: 10_000 }).map(({ check }) => check()))).toMatchObject([
      { ok: false, because: expect.stringContaining('100000 keys match, more than the 10000 expected') },
    ])
    expect(await run(everyone('100000'), Promise.resolve(planned))).toEqual([{ before: false, after: true }])
    expect(server.store.keys().filter((key) => key.startsWith('residence'))).toEqual([])
  })

  test('keys that live longer than the cache block it', async () => {
    server.store.set('residence_ids_user:77', '[1]')
    expect((await plan(everyone())).checks[0]).toMatchObject({ ok: false, because: expect.stringContaining('residence_ids_user:77') })
  })
})

describe('a Redis that is not well', () => {
  test('a replica fails the check, and nothing is sent', async () => {
    server.fail({ kind: 'read-only' })
    expect((await plan(users('7'))).checks[0]).toMatchObject({ ok: false, because: expect.stringContaining('read-only replica') })
  })

  test.each([
    ['silent', 'redis-silent'],
    ['wrong-password', 'redis-credentials'],
    ['loading', 'redis-loading'],
  ] as const)('%s: exit 9', async (kind, code) => {
    server.fail({ kind })
    await expect(plan(users('7'))).rejects.toMatchObject({ exitCode: 9, code })
  })
})
