import { beforeEach, describe, expect, test } from 'vitest'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { drop } from '../../src/lib/procedures/queue/drop.ts'
import { taskHash } from '../../src/lib/sandbox/redis/asynq-worker.ts'
import { contextOf } from '../support/context.ts'
import { addGrouped, addTask, evict, idsOf } from '../support/queue.ts'
import { runOf } from '../support/run-of.ts'
import { laws } from './laws.ts'
import { queueSubject } from './queue-subject.ts'

const { subject, server } = queueSubject()
let chosen = ''
const first = () => ({ id: [chosen], type: undefined, state: 'archived' as const, lost: false })
const allLost = { id: [], type: undefined, state: 'archived', lost: true } as const
const choose = (state: string) => () => {
  chosen = idsOf(server(), state)[0] ?? ''
}
const ofType = { id: [], type: 'email:send', state: 'archived', lost: false } as const
const lock = 'asynq:{default}:unique:email:send:0'

/** The same id in another queue. */
const inAnother = (id: string) => {
  const { store } = server()
  store.put('asynq:queues', { type: 'set', members: new Set(['default', 'critical']) })
  store.put('asynq:{critical}:archived', { type: 'zset', scores: new Map([[id, 1]]) })
  store.put(`asynq:{critical}:t:${id}`, taskHash({ id, type: 'email:send', queue: 'critical' }, 'archived'))
}

laws(drop, subject, [
  {
    name: 'three of a type, one of them with its lock',
    input: ofType,
    arrange: () => {
      addTask(server(), 'archived', { type: 'email:send' })
      server().store.set(lock, addTask(server(), 'archived', { type: 'email:send', uniqueKey: lock }))
      addTask(server(), 'archived', { type: 'notification:push' })
    },
    meets: 'work',
  },
  { name: 'none of a type', input: { ...ofType, type: 'email:none' }, arrange: () => {}, meets: 'nothing to do' },
  { name: 'one that a worker has', input: first, arrange: choose('active'), refused: /a worker has job/ },
  ...(['archived', 'retry', 'scheduled', 'pending'] as const).map((state) => ({
    name: `one that is ${state}`,
    input: first,
    arrange: choose(state),
    meets: 'work' as const,
    again: 'refusal' as const,
  })),
  {
    name: 'those of a type that wait in two groups',
    input: { ...ofType, type: 'digest:item', state: 'aggregating' },
    arrange: () => {
      for (const group of ['user 1', 'user 1', 'user 2']) addGrouped(server(), group, { type: 'digest:item' })
      addGrouped(server(), 'user 2', { type: 'digest:other' })
    },
    meets: 'work',
  },
  {
    name: 'a queue that somebody paused',
    input: { ...ofType, type: 'notification:push', state: 'pending' },
    arrange: () => server().store.set('asynq:{default}:paused', '1790000000'),
    meets: 'work',
  },
  {
    name: 'one that was evicted',
    input: first,
    arrange: () => {
      choose('archived')()
      evict(server(), chosen)
    },
    refused: /is lost: Redis evicted it/,
  },
  {
    name: 'ids in every state, and a lock, whose jobs were evicted',
    input: allLost,
    arrange: () => {
      for (const state of ['pending', 'scheduled', 'retry', 'archived']) evict(server(), idsOf(server(), state)[0] ?? '')
      evict(server(), addGrouped(server(), 'user 1', { type: 'digest:item' }))
      const id = addTask(server(), 'archived', { type: 'email:send', uniqueKey: lock })
      server().store.set(lock, id)
      evict(server(), id)
    },
    meets: 'work',
  },
  {
    name: 'a worker that popped an evicted one, and whose lease has ended',
    input: allLost,
    arrange: () => {
      choose('active')()
      evict(server(), chosen)
      server().store.put('asynq:{default}:lease', { type: 'zset', scores: new Map([[chosen, 1]]) })
    },
    meets: 'work',
  },
  {
    name: 'a worker that may still have an evicted one',
    input: allLost,
    arrange: () => {
      choose('active')()
      evict(server(), chosen)
    },
    refused: /a worker may have job .*its lease has not ended/,
  },
  { name: 'nothing was evicted', input: allLost, arrange: () => {}, meets: 'nothing to do' },
  {
    name: 'a read-only replica',
    input: first,
    arrange: () => {
      choose('archived')()
      server().fail({ kind: 'read-only' })
    },
    refused: /is a read-only replica/,
  },
])

describe('queue:drop', () => {
  beforeEach(() => subject.reset())

  type Typed = {
    readonly id: readonly string[]
    readonly type: string | undefined
    readonly state: 'archived' | 'pending'
    readonly lost: boolean
  }
  const planned = (input: Typed) => prepare(drop, input, subject.systems(), contextOf())
  const run = async (prepared: Awaited<ReturnType<typeof planned>>) => perform(prepared, runOf(subject.systems(), ['redis']))

  test('a bare id is taken where one queue has it, and asks for the queue where two have', async () => {
    choose('archived')()
    inAnother(chosen)
    await expect(planned(first())).rejects.toMatchObject({ code: 'queue-which-job', likely: expect.stringContaining(`default/${chosen}`) })
    expect((await run(await planned({ ...first(), id: [`critical/${chosen}`, `critical/${chosen}`] }))).trouble).toBeUndefined()
    expect(server().store.get(`asynq:{critical}:t:${chosen}`)).toBeUndefined()
    expect(idsOf(server(), 'archived')).toContain(chosen)
    const { plan } = await planned(first())
    expect(plan.blocked).toEqual([])
    await expect(planned({ ...first(), id: ['nope'] })).rejects.toMatchObject({ code: 'queue-no-job' })
    await expect(planned({ ...first(), type: 'email:send' })).rejects.toMatchObject({ code: 'queue-which-jobs' })
  })

  test('the lock of the job is released, and one that another job took meanwhile stays', async () => {
    const own = addTask(server(), 'archived', { type: 'email:send', uniqueKey: lock })
    const { store } = server()
    store.set(lock, own)
    expect((await run(await planned({ ...first(), id: [own] }))).trouble).toBeUndefined()
    expect(store.get(lock)).toBeUndefined()
    const other = addTask(server(), 'archived', { type: 'email:send', uniqueKey: lock })
    store.set(lock, 'another')
    expect((await run(await planned({ ...first(), id: [other] }))).trouble).toBeUndefined()
    expect(store.get(lock)).toMatchObject({ text: 'another' })
  })

  test('what is there again by then stays and is told, and so does a lock that a job took meanwhile; the others are dropped', async () => {
    const [one, two] = [1, 2].map(() => addTask(server(), 'archived', { type: 'email:send', uniqueKey: lock }))
    const { store } = server()
    store.set(lock, String(one))
    for (const id of [one, two]) evict(server(), String(id))
    const prepared = await planned(allLost)
    expect(prepared.plan.blocked).toEqual([])
    expect(prepared.plan.confirm).toBe('production/lost (3)')
    store.put(`asynq:{default}:t:${two}`, taskHash({ id: String(two), type: 'email:send' }, 'archived'))
    store.set(lock, String(two))
    const { trouble } = await run(prepared)
    expect(trouble).toMatchObject({ exitCode: 4, code: 'queue-not-lost' })
    expect(trouble?.failed).toContain(String(two))
    expect(idsOf(server(), 'archived')).not.toContain(String(one))
    expect(idsOf(server(), 'archived')).toContain(String(two))
    expect(store.get(lock)).toMatchObject({ text: String(two) })
    await expect(planned({ ...allLost, id: [String(two)] })).rejects.toMatchObject({ code: 'queue-which-jobs' })
  })

  test('what a worker took meanwhile stays and is told, and so is what was gone before; the others are dropped', async () => {
    const [one, two, three] = [1, 2, 3].map(() => addTask(server(), 'archived', { type: 'email:late' }))
    const prepared = await planned({ ...ofType, type: 'email:late' })
    expect(prepared.plan.confirm).toBe('production/email:late archived (3)')
    const { store } = server()
    store.put(`asynq:{default}:t:${two}`, taskHash({ id: String(two), type: 'email:late' }, 'active'))
    evict(server(), String(three))
    const { trouble, states } = await run(prepared)
    expect(trouble).toMatchObject({ exitCode: 4, code: 'queue-not-dropped' })
    expect(trouble?.failed).toContain(String(two))
    expect(states).toEqual(['half'])
    expect([one, two].map((id) => store.get(`asynq:{default}:t:${id}`) === undefined)).toEqual([true, false])
  })
})
