import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { isChange } from '../../../src/lib/plan/procedure.ts'
import { invalidate } from '../../../src/lib/procedures/cache/invalidate.ts'
import { type RedisSandbox, startRedis } from '../../../src/lib/sandbox/redis/redis.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { redisSystem } from '../../../src/lib/systems/redis/redis.ts'
import type { Forgetting } from '../../../src/lib/systems/redis/types.ts'
import { contextOf } from '../../support/context.ts'
import { runOf } from '../../support/run-of.ts'

let server: RedisSandbox
let redis: ReturnType<typeof redisSystem>

beforeAll(async () => {
  // The sandbox loads its Lua when the first script comes, which may take longer than these connections wait.
  await import('../../../src/lib/sandbox/redis/lua.ts')
  server = await startRedis({ password: 'secret' })
})
beforeEach(() => {
  server.reset()
  redis = redisSystem({
    dial: async () => ({ host: server.host, port: server.port, close: async () => {} }),
    password: async () => new Secret('secret'),
    clock: systemClock,
    timeout: 3000,
  })
})
afterEach(() => redis.close())
afterAll(() => server.stop())

const users = (...user: readonly string[]) => ({ user, 'all-residence-ids': false, 'at-most': '10000' })
const everyone = (atMost = '10000') => ({ user: [], 'all-residence-ids': true, 'at-most': atMost })

type Wanted = ReturnType<typeof users>
const plan = (input: Wanted) => prepare(invalidate, input, { redis }, contextOf())

/** Does what a run does; returns each step's state. */
const run = async (input: Wanted, planned = plan(input)) => {
  const { states, trouble } = await perform(await planned, runOf({ redis }, ['redis']))
  return trouble ? [...states, trouble.failed] : states
}

/** The one change of a plan. */
const changeOf = async (input: Wanted) => {
  const [step] = (await plan(input)).steps
  if (!step || !isChange(step)) throw new Error('no change')
  return step
}

describe('one user', () => {
  test('the key is shown with its life, deleted, and nothing else changes', async () => {
    const before = server.snapshot()
    const { plan: printed } = await plan(users('7'))
    expect(printed.steps[0]?.effect[0]).toMatchObject({
      what: 'residence_ids_user:7',
      note: expect.stringMatching(/^present, 4 min \d+ s left$/),
    })
    expect([printed.confirm, printed.steps[0]?.manual[0]?.endsWith("redis-cli -e unlink residence_ids_user:7'")]).toEqual([undefined, true])
    expect(server.snapshot()).toEqual(before)
    expect(await run(users('7'))).toEqual(['done'])
    const { 'residence_ids_user:7': gone, ...others } = before
    expect(gone).toBeDefined()
    expect(server.snapshot()).toEqual(others)
  })

  test('an absent key is already so, and nothing is sent', async () => {
    const { plan: printed } = await plan(users('999'))
    expect(printed.steps[0]?.already).toBe(true)
    expect(await run(users('999'))).toEqual(['already'])
    expect(server.log).not.toContain('unlink')
  })

  test('refilled between delete and look: the later expiry tells it', async () => {
    server.store.set('residence_ids_user:7', '[1]', 120_000)
    const step = await changeOf(users('7'))
    await step.apply({ redis: redis.write }, new AbortController().signal)
    server.store.set('residence_ids_user:7', '[1,2]', 300_000)
    expect(await step.verify({ redis: redis.read })).toEqual({ ok: true })
  })

  test('a delete that did not happen is seen, however long it waits', async () => {
    server.store.set('residence_ids_user:7', '[1]', 120_000)
    const step = await changeOf(users('7'))
    expect(await step.verify({ redis: redis.read })).toEqual({ ok: false, because: 'residence_ids_user:7 is still the old one' })
  })

  test('a key without expiry that stays is seen, and one refilled with an expiry is not', async () => {
    server.store.set('residence_ids_user:7', '[1]')
    const step = await changeOf(users('7'))
    expect((await step.verify({ redis: redis.read })).ok).toBe(false)
    server.store.set('residence_ids_user:7', '[1]', 300_000)
    expect((await step.verify({ redis: redis.read })).ok).toBe(true)
  })

  test('several users, one given twice', async () => {
    expect(await run(users('3', '4', '3'))).toEqual(['done', 'done'])
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
    server.store.set('residence_ids_user:abc', 'x', 250_000)
    server.store.set('residence_ids_user:7:more', 'x', 250_000)
    const before = server.snapshot()
    expect(await run(everyone())).toEqual(['done'])
    const ours = /^residence_ids_user:\d+$/
    expect(Object.keys(server.snapshot())).toEqual(Object.keys(before).filter((key) => !ours.test(key)))
    expect(server.log.filter((name) => ['keys', 'del', 'flushall', 'flushdb'].includes(name))).toEqual([])
  })

  test('the application refills behind the pass: the run holds', async () => {
    const step = await changeOf(everyone())
    await step.apply({ redis: redis.write }, new AbortController().signal)
    server.store.set('residence_ids_user:50', '[5]', 300_000)
    expect(await step.verify({ redis: redis.read })).toEqual({ ok: true })
    expect(server.store.get('residence_ids_user:50')).toBeDefined()
  })

  test('11 000 keys pass only when that many are expected', async () => {
    for (let i = 1; i <= 11_000; i++) server.store.set(`residence_ids_user:${i}`, '[1]', 200_000)
    const { plan: refused } = await plan(everyone())
    expect(refused.blocked).toEqual([expect.stringContaining('11000 keys match, more than the 10000 expected')])
    expect(refused.confirm).toBe('production/residence_ids_user:*')
    expect(await run(everyone('11000'))).toEqual(['done'])
    expect(server.store.keys().filter((key) => key.startsWith('residence'))).toEqual([])
  })

  test('a key that comes with a longer life after the plan stops the run, with what is gone', async () => {
    const planned = plan(everyone())
    await planned
    server.store.set('residence_ids_user:77', '[1]')
    expect(await run(everyone(), planned)).toEqual(['half', expect.stringContaining('residence_ids_user:77 lives longer')])
  })

  test('what is counted by a sample is one step, says so, and is held to --at-most by the estimate', async () => {
    const facts = {
      target: 'redis',
      users: [],
      whole: true,
      lives: [],
      readOnly: false,
      atMost: 999_999,
      family: { keys: 1_000_000, foreign: 0, longer: 0, sampled: { looked: 100_000, of: 1_000_012 }, began: 1 },
    }
    const [step, ...more] = invalidate.steps(facts)
    if (!step || !isChange(step)) throw new Error('no change')
    expect(more).toEqual([])
    expect(step.effect).toMatchObject([{ note: 'about 1000000 keys, by 100000 of 1000012', count: 1_000_000 }])
    expect(await step.check?.({ redis: redis.read })).toMatchObject({
      because: 'about 1000000 keys match, more than the 999999 expected (--at-most 1000000 accepts them)',
    })
  })

  test('how far it is is told with the rate and the rest', async () => {
    const told: string[] = []
    const step = await changeOf(everyone())
    const forgetAllResidenceIds = async ({ seen }: Forgetting) => seen?.({ gone: 10, ms: 500 })
    await step.apply(
      { redis: { ...redis.write, forgetAllResidenceIds } },
      new AbortController().signal,
      async (soFar) => void told.push(soFar),
    )
    expect(told).toEqual([expect.stringMatching(/^10 of \d+ keys are gone, 20 a second, \d s to go$/)])
  })

  test('keys that live longer than the cache block it', async () => {
    server.store.set('residence_ids_user:77', '[1]')
    expect((await plan(everyone())).plan.blocked).toEqual([expect.stringContaining('residence_ids_user:77')])
  })
})

describe('a Redis that is not well', () => {
  test('a replica fails the check, and nothing is sent', async () => {
    server.fail({ kind: 'read-only' })
    expect((await plan(users('7'))).plan.blocked).toEqual([expect.stringContaining('read-only replica')])
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
