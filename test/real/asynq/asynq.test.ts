import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Choices, Input } from '../../../src/lib/plan/choice.ts'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare, readersOf } from '../../../src/lib/plan/plan.ts'
import type { Procedure } from '../../../src/lib/plan/procedure.ts'
import { drop } from '../../../src/lib/procedures/queue/drop.ts'
import { pause } from '../../../src/lib/procedures/queue/pause.ts'
import { resume } from '../../../src/lib/procedures/queue/resume.ts'
import { retry } from '../../../src/lib/procedures/queue/retry.ts'
import { queueStatus } from '../../../src/lib/reports/queue/status.ts'
import { startRedis } from '../../../src/lib/sandbox/redis/redis.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { type Jobs, taskStates } from '../../../src/lib/systems/redis/jobs.ts'
import { redisSystem } from '../../../src/lib/systems/redis/redis.ts'
import { contextOf } from '../../support/context.ts'
import { runOf } from '../../support/run-of.ts'
import type { Running } from '../processes.ts'
import { startRealRedis } from '../redis/server.ts'
import { asynqAt } from './peer.ts'

const password = 'secret'
const soon = { timeout: 20_000, interval: 200 }

const sides = {
  "Debian's Redis": () => startRealRedis([], password),
  "the sandbox's Redis": () => startRedis({ password }),
} as const

describe.each(Object.entries(sides))('asynq 0.26 on %s', (_, startServer) => {
  let server: Awaited<ReturnType<typeof startServer>>
  let admin: Redis
  let asynq: ReturnType<typeof asynqAt>
  let system: ReturnType<typeof redisSystem>
  const running: Running[] = []

  beforeAll(async () => {
    server = await startServer()
    admin = new Redis({ host: '127.0.0.1', port: server.port, password, protocol: 2, disableClientInfo: true })
    asynq = asynqAt({ host: '127.0.0.1', port: server.port }, password)
    system = redisSystem({
      dial: async () => ({ host: '127.0.0.1', port: server.port, close: async () => {} }),
      password: async () => new Secret(password),
      clock: systemClock,
      timeout: 5000,
    })
    await admin.flushall()
  })
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.stop()))
    await admin.flushall()
  })
  afterAll(async () => {
    await system?.close()
    admin?.disconnect()
    await server?.stop()
  })

  const started = async (one: Promise<Running>): Promise<Running> => {
    const it = await one
    running.push(it)
    return it
  }
  const status = async () => {
    const view = await queueStatus.look({ type: undefined }, readersOf({ redis: system }, queueStatus.needs), contextOf())
    return { jobs: view.data as Jobs, texts: view.findings.map(({ text }) => text) }
  }
  const planned = <C extends Choices, F>(procedure: Procedure<C, 'redis', F>, input: Input<C>) =>
    prepare(procedure, input, { redis: system }, contextOf())
  const carriedOut = async <C extends Choices, F>(procedure: Procedure<C, 'redis', F>, input: Input<C>) => {
    const prepared = await planned(procedure, input)
    expect(prepared.plan.blocked).toEqual([])
    const { trouble } = await perform(prepared, runOf({ redis: system }, procedure.needs))
    expect(trouble).toBeUndefined()
    return prepared.plan.steps.every(({ already }) => already)
  }

  /** Every number of every queue, and every id in its state, as both tell them. */
  const agree = async () => {
    const [{ jobs }, seen] = [await status(), await asynq.info()]
    const ours = Object.fromEntries(
      jobs.queues.map(({ queue, counts, processedToday, failedToday, paused, tasks }) => [
        queue,
        {
          ...counts,
          processed: processedToday,
          failed: failedToday,
          paused,
          tasks: Object.fromEntries(
            taskStates.map((state) => [
              state,
              tasks
                .filter((task) => task.state === state && !task.lost)
                .map(({ id }) => id)
                .sort(),
            ]),
          ),
        },
      ]),
    )
    const theirs = Object.fromEntries(
      Object.entries(seen.queues).map(([queue, { latency, tasks, ...counts }]) => [
        queue,
        // Of a task without its hash the inspector lists an empty id.
        { ...counts, tasks: Object.fromEntries(taskStates.map((state) => [state, (tasks[state] ?? []).filter(Boolean).toSorted()])) },
      ]),
    )
    expect(ours).toEqual(theirs)
    expect(jobs.servers).toHaveLength(seen.servers)
    const entries = jobs.schedulers.flatMap((one) => one.entries.map(({ id, spec, type, next }) => ({ id, spec, type, next })))
    const byId = (a: { readonly id: string }, b: { readonly id: string }) => a.id.localeCompare(b.id)
    expect(entries.sort(byId)).toEqual([...seen.entries].sort(byId))
    return { jobs, seen }
  }

  /** Tasks that failed for good and one that is to be tried again, made by a worker that is gone. */
  const failed = async () => {
    await asynq.enqueue('default', 'fails:for-good', 3)
    await asynq.enqueue('low', 'fails:once', 1)
    await asynq.enqueue('low', 'goes:well', 2)
    const worker = await started(asynq.worker())
    await expect
      .poll(async () => ((await asynq.info()).queues.default?.archived ?? 0) * 10 + ((await asynq.info()).queues.low?.retry ?? 0), soon)
      .toBe(31)
    await expect.poll(async () => (await asynq.info()).queues.low?.processed, soon).toBe(3)
    await worker.stop()
    running.splice(running.indexOf(worker), 1)
  }

  test('every number and every id is the same in all states', async () => {
    await failed()
    await asynq.enqueue('default', 'waits', 4)
    await asynq.enqueue('default', 'later', 2, { seconds: 3600 })
    await asynq.enqueue('low', 'only:once', 1, { unique: 600 })
    const { jobs } = await agree()
    const [one] = jobs.queues.filter(({ queue }) => queue === 'default')
    expect(one?.counts).toEqual({ pending: 4, active: 0, scheduled: 2, retry: 0, archived: 3, completed: 0, aggregating: 0 })
    expect(jobs.queues.flatMap(({ tasks }) => tasks.filter(({ state }) => state === 'archived').map(({ error }) => error))).toEqual(
      Array(3).fill('send: dial tcp: connection refused: skip retry for the task'),
    )
    expect(jobs.locks.map(({ type, lost }) => [type, lost])).toEqual([['only:once', false]])
  })

  test('what waits in groups is the same to both, and queue:retry and queue:drop take it out of them', async () => {
    const [first = ''] = await asynq.enqueue('default', 'digest:item', 2, { group: 'user 1' })
    const [other = '', last = ''] = await asynq.enqueue('default', 'digest:item', 2, { group: 'user 2' })
    const { jobs } = await agree()
    expect(jobs.queues[0]?.counts).toMatchObject({ aggregating: 4, pending: 0 })
    expect(await carriedOut(retry, { id: [first], type: undefined })).toBe(false)
    expect((await agree()).seen.queues.default).toMatchObject({ aggregating: 3, pending: 1 })
    await carriedOut(drop, { id: [other], type: undefined, state: 'archived', lost: false })
    expect((await agree()).seen.queues.default).toMatchObject({ aggregating: 2, pending: 1 })
    // What Redis evicted is taken out of its group, which ends with its last.
    await admin.del(`asynq:{default}:t:${last}`)
    await carriedOut(drop, { id: [], type: undefined, state: 'archived', lost: true })
    expect(await admin.smembers('asynq:{default}:groups')).toEqual(['user 1'])
    expect((await agree()).seen.queues.default).toMatchObject({ aggregating: 1 })
  })

  test('what a worker has is active to both, and the worker is told by both', async () => {
    await asynq.enqueue('default', 'takes:long', 2)
    await started(asynq.worker())
    await expect.poll(async () => (await asynq.info()).queues.default?.active, soon).toBe(2)
    const { jobs } = await agree()
    expect(jobs.servers.map(({ status: is, concurrency }) => [is, concurrency])).toEqual([['active', 4]])
  })

  test('queue:pause stops its worker, and either takes back what the other did', async () => {
    await asynq.enqueue('default', 'first', 1)
    expect(await carriedOut(pause, { queue: 'default' })).toBe(false)
    expect(await asynq.act('pause', 'default')).toContain('already paused')
    await started(asynq.worker())
    await systemClock.sleep(2500)
    expect((await agree()).seen.queues.default).toMatchObject({ paused: true, pending: 1 })
    expect(await asynq.act('unpause', 'default')).toBe('')
    await expect.poll(async () => (await asynq.info()).queues.default?.pending, soon).toBe(0)
    expect(await carriedOut(resume, { queue: 'default' })).toBe(true)
    expect(await asynq.act('pause', 'default')).toBe('')
    expect((await status()).texts).toContainEqual(expect.stringMatching(/^Queue default is paused/))
    expect(await carriedOut(resume, { queue: 'default' })).toBe(false)
    expect((await agree()).seen.queues.default?.paused).toBe(false)
  })

  test('queue:retry puts back what the inspector finds pending, and a worker runs it', async () => {
    await failed()
    const [first = ''] = (await asynq.info()).queues.default?.tasks.archived ?? []
    expect(await carriedOut(retry, { id: [first], type: undefined })).toBe(false)
    expect((await agree()).seen.queues.default).toMatchObject({ archived: 2, pending: 1 })
    expect(await asynq.act('run', 'default', first)).toContain('already')
    const [tried = ''] = (await asynq.info()).queues.low?.tasks.retry ?? []
    await carriedOut(retry, { id: [tried], type: undefined })
    await carriedOut(retry, { id: [], type: 'fails:for-good' })
    expect((await agree()).seen.queues).toMatchObject({ default: { archived: 0, pending: 3 }, low: { retry: 0, pending: 1 } })
    await started(asynq.worker())
    await expect.poll(async () => (await asynq.info()).queues.default?.archived, soon).toBe(3)
    await expect.poll(async () => (await asynq.info()).queues.default?.failed, soon).toBe(6)
    await agree()
    // And what the inspector runs is done already for us.
    await Promise.all(running.splice(0).map((one) => one.stop()))
    expect(await asynq.act('run', 'default', first)).toBe('')
    expect((await planned(retry, { id: [first], type: undefined })).plan.steps.every(({ already }) => already)).toBe(true)
  })

  test('queue:drop takes away what the inspector then does not find, and the other way round', async () => {
    await failed()
    const [scheduled = ''] = await asynq.enqueue('default', 'later', 1, { seconds: 3600 })
    const [locked = ''] = await asynq.enqueue('default', 'only:once', 1, { seconds: 3600, unique: 600 })
    const [first = '', second = ''] = (await asynq.info()).queues.default?.tasks.archived ?? []
    for (const id of [first, scheduled, locked]) await carriedOut(drop, { id: [id], type: undefined, state: 'archived', lost: false })
    expect((await agree()).seen.queues.default).toMatchObject({ archived: 2, scheduled: 0 })
    expect(await asynq.act('delete', 'default', first)).toContain('not found')
    // Its lock went with it: asynq takes an equal one.
    expect(await asynq.enqueue('default', 'only:once', 1, { seconds: 3600, unique: 600 })).toHaveLength(1)
    expect(await asynq.act('delete', 'default', second)).toBe('')
    await expect(planned(drop, { id: [second], type: undefined, state: 'archived', lost: false })).rejects.toMatchObject({
      code: 'queue-no-job',
    })
    await carriedOut(drop, { id: [], type: 'fails:for-good', state: 'archived', lost: false })
    expect((await agree()).seen.queues.default?.archived).toBe(0)
  })

  test('two schedulers are two to both, and one when the other has ended', async () => {
    await started(asynq.scheduler('@every 1h', 'digest:daily'))
    const second = await started(asynq.scheduler('@every 1h', 'digest:daily'))
    await expect.poll(async () => (await asynq.info()).entries.length, soon).toBe(2)
    await agree()
    expect((await status()).texts).toContainEqual(expect.stringMatching(/^2 schedulers live .*: every periodic job is enqueued twice/))
    await second.stop()
    await expect.poll(async () => (await asynq.info()).entries.length, soon).toBe(1)
    await agree()
    expect((await status()).texts.filter((text) => text.includes('scheduler'))).toEqual([])
  })

  test('a job whose worker was killed is active to both, and its lease has ended', async () => {
    const [id = ''] = await asynq.enqueue('default', 'takes:long', 1)
    // As a worker leaves it that takes a job and ends without a word.
    await admin.rpoplpush('asynq:{default}:pending', 'asynq:{default}:active')
    await admin.zadd('asynq:{default}:lease', 1, id)
    await admin.hset(`asynq:{default}:t:${id}`, 'state', 'active')
    expect((await agree()).seen.queues.default).toMatchObject({ active: 1, pending: 0 })
    expect((await status()).texts).toContainEqual(expect.stringMatching(/^1 active job of queue default has a lease that ended .* ago/))
  })

  test('queue:drop --lost takes away what asynq cannot: its inspector counts again, and an equal job is taken', async () => {
    const [id = ''] = await asynq.enqueue('default', 'only:once', 1, { unique: 600 })
    await admin.del(`asynq:{default}:t:${id}`)
    await expect(asynq.info()).rejects.toThrow(/attempt to perform arithmetic/)
    expect(await asynq.act('delete', 'default', id)).toContain('not found')
    expect(await carriedOut(drop, { id: [], type: undefined, state: 'archived', lost: true })).toBe(false)
    expect((await agree()).seen.queues.default).toMatchObject({ pending: 0, active: 0 })
    expect(await asynq.enqueue('default', 'only:once', 1, { unique: 600 })).toHaveLength(1)
    await agree()
  })

  test('a job whose hash was evicted is lost to us where asynq counts on, and stays so when a worker took it', async () => {
    const [id = ''] = await asynq.enqueue('default', 'only:once', 1, { unique: 600 })
    await admin.del(`asynq:{default}:t:${id}`)
    // The inspector adds up what its tasks take, and fails at one that is not there.
    await expect(asynq.info()).rejects.toThrow(/attempt to perform arithmetic/)
    const { jobs } = await status()
    expect(jobs.queues[0]?.tasks.map((task) => [task.id, task.lost])).toEqual([[id, true]])
    expect(jobs.locks.map(({ lost }) => lost)).toEqual([true])
    await expect(asynq.enqueue('default', 'only:once', 1, { unique: 600 })).rejects.toThrow(/task already exists/)
    await started(asynq.worker())
    await expect.poll(async () => (await asynq.info()).queues.default?.active, soon).toBe(1)
    const { texts } = await status()
    expect(texts).toContainEqual(expect.stringMatching(/^1 job of queue default is lost: Redis evicted/))
    await agree()
  })
})
