import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { moves } from '../../../src/lib/procedures/deploy/queue-moves.ts'
import { type RedisSandbox, startRedis } from '../../../src/lib/sandbox/redis/redis.ts'
import type { redisSystem } from '../../../src/lib/systems/redis/redis.ts'
import { evict, idsOf, openRedis } from '../../support/queue.ts'

const password = 'planted-redis-password'
let server: RedisSandbox
let redis: ReturnType<typeof redisSystem>
let running: AbortController
const began = Math.floor(Date.now() / 1000)
const starts = (works: boolean) => server.work('worker-1', running.signal, works)
const seen = async (since = began) => moves(await redis.read.jobs(100), since)

beforeAll(async () => {
  server = await startRedis({ password })
})
beforeEach(() => {
  running = new AbortController()
  redis = openRedis(server, password)
})
afterEach(async () => {
  running.abort()
  await redis.close()
  server.reset()
})
afterAll(() => server?.stop())

test('a worker that says nothing, or is the one from before, is not the new one', async () => {
  expect(await seen()).toMatchObject({ ok: false, because: 'the new worker does not say in Redis that it lives' })
  starts(true)
  expect(await seen()).toEqual({ ok: true })
  expect(await seen(began + 3600)).toMatchObject({ ok: false, because: 'the new worker does not say in Redis that it lives' })
})

test('a worker that lives and takes nothing does not move the queue', async () => {
  starts(false)
  expect(await seen()).toMatchObject({
    ok: false,
    because: expect.stringMatching(/^2 jobs of queue default wait since before the worker started, for \d s, and none is taken$/),
  })
  // What somebody paused nobody is to take, and what Redis evicted nobody can take.
  server.store.set('asynq:{default}:paused', '1790000000')
  expect(await seen()).toEqual({ ok: true })
  server.store.delete('asynq:{default}:paused')
  for (const id of idsOf(server, 'pending')) evict(server, id)
  expect(await seen()).toEqual({ ok: true })
})
