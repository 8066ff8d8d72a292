import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderView } from '../../../src/lib/cli/render-view.ts'
import { queueStatus } from '../../../src/lib/reports/queue/status.ts'
import { type RedisSandbox, startRedis } from '../../../src/lib/sandbox/redis/redis.ts'
import type { redisSystem } from '../../../src/lib/systems/redis/redis.ts'
import { contextOf } from '../../support/context.ts'
import { addGrouped, addTask, evict, idsOf, openRedis } from '../../support/queue.ts'

let server: RedisSandbox
let redis: ReturnType<typeof redisSystem>
let workers: AbortController

beforeAll(async () => {
  server = await startRedis({ password: 'secret' })
})
beforeEach(() => {
  server.reset()
  workers = new AbortController()
  server.work('worker-1', workers.signal, false)
  redis = openRedis(server, 'secret')
})
afterEach(async () => {
  workers.abort()
  await redis.close()
})
afterAll(() => server.stop())

const look = (type?: string) => queueStatus.look({ type }, { redis: redis.read }, contextOf())
const told = async () => (await look()).findings.map(({ level, text, next }) => [level, text, next])
const rowsOf = async (title: string, type?: string) => (await look(type)).tables.find((table) => table.title?.startsWith(title))?.rows

test('a queue that is well: its numbers, its failures, its worker and what fires next; and looking changes nothing', async () => {
  const before = server.snapshot()
  expect(await told()).toEqual([])
  expect(await rowsOf('Queues')).toEqual([['default', '2', expect.stringMatching(/^\d+ s$/), '1', '3', '1', '1', '3 of 1284']])
  expect(await rowsOf('Failed')).toEqual([
    ['archived', 'email:send', '1', expect.stringMatching(/^1 h \d+ min ago$/), 'send: dial tcp: connection refused'],
    ['retry', 'email:send', '1', expect.stringMatching(/^in \d+ (s|min)$/), 'send: dial tcp: connection refused'],
  ])
  expect(await rowsOf('Workers')).toEqual([['worker-1', 'active', '1 of 10', 'default', expect.stringMatching(/^\d+ s ago$/)]])
  expect((await rowsOf('Next firings'))?.map(([type]) => type)).toEqual(expect.arrayContaining(['reminder:task', 'upload:cleanup']))
  expect(Object.keys(server.snapshot())).toEqual(Object.keys(before))
})

test('two schedulers fire every periodic job twice; a worker that says nothing is none', async () => {
  server.work('worker-2', workers.signal, false)
  expect(await told()).toEqual([
    [
      'wrong',
      expect.stringMatching(/^2 schedulers live \(worker-\d, worker-\d\): every periodic job is enqueued twice$/),
      'honeydue deploy:scale worker --replicas 1',
    ],
  ])
  workers.abort()
  expect((await told()).map(([, text]) => String(text).split(':')[0])).toEqual([
    'No scheduler reports that it runs',
    'No worker reports that it runs',
  ])
})

test('what waits in groups is counted over all of them, in a column of its own; one whose hash is gone is lost, and one that went on is not', async () => {
  const columns = async () => (await look()).tables.find(({ title }) => title === 'Queues')?.columns
  expect(await columns()).not.toContain('grouped')
  const [first = ''] = ['user 1', 'user 1', 'user 2'].map((group) => addGrouped(server, group, { type: 'digest:item' }))
  expect(await columns()).toEqual(expect.arrayContaining(['archived', 'grouped', 'failed today']))
  expect((await rowsOf('Queues'))?.[0]?.slice(-2)).toEqual(['3', '3 of 1284'])
  expect((await rowsOf('3 jobs of digest:item', 'digest:item'))?.map(([, state]) => state)).toEqual(Array(3).fill('aggregating'))
  expect((await look()).data).toMatchObject({ queues: [{ counts: { aggregating: 3 } }] })
  evict(server, first)
  expect((await told()).map(([, text]) => text)).toEqual([expect.stringMatching(/^1 job of queue default is lost: .*\(aggregating\)$/)])
  server.before('hmget', () => {
    for (const key of ['g:user 1', 'g:user 2', 'groups']) server.store.delete(`asynq:{default}:${key}`)
  })
  expect(await told()).toEqual([])
})

test('a name in the set whose time has passed is no worker', async () => {
  const past = { type: 'zset', scores: new Map([['asynq:schedulers:{old:1:x}', Math.floor(Date.now() / 1000) - 1]]) } as const
  const scores = server.store.get('asynq:schedulers')
  server.store.put('asynq:schedulers', {
    type: 'zset',
    scores: new Map([...past.scores, ...(scores?.type === 'zset' ? scores.scores : [])]),
  })
  expect(await told()).toEqual([])
})

test('ids whose hash was evicted, in a set and in the hands of a worker that wrote a state and found no message', async () => {
  const [pending = '', active = ''] = [idsOf(server, 'pending')[0], idsOf(server, 'active')[0]]
  evict(server, pending)
  server.store.put(`asynq:{default}:t:${active}`, { type: 'hash', fields: new Map([['state', 'active']]) })
  expect(await told()).toEqual([
    [
      'wrong',
      '2 jobs of queue default are lost: Redis evicted what was to be done, and only the id is left (pending, active)',
      'honeydue queue:drop --lost',
    ],
  ])
})

const states = ['pending', 'active', 'scheduled', 'retry', 'archived']
test.each(states)('a job that ends while it is looked at is not lost: %s', async (state) => {
  const listed = (name: string): readonly string[] => {
    const value = server.store.get(`asynq:{default}:${name}`)
    return value?.type === 'list' ? value.items.map(String) : value?.type === 'zset' ? [...value.scores.keys()] : []
  }
  const [id = ''] = listed(state)
  expect(id).not.toBe('')
  server.before('hmget', () => {
    evict(server, id)
    for (const name of states) if (listed(name).includes(id)) server.store.delete(`asynq:{default}:${name}`)
  })
  expect((await told()).filter(([, text]) => String(text).includes('lost'))).toEqual([])
})

test('a unique lock that goes with its job while it is looked at is none', async () => {
  const key = 'asynq:{default}:unique:email:send:0cc175b9c0f1b6a831c399e269772661'
  server.store.set(key, '6f1c2a6e-0000-4000-8000-000000000001', 2_400_000)
  server.before('hexists', () => void server.store.delete(key))
  expect(await told()).toEqual([])
})

test('a lease that ended: a moment ago another takes it up, long ago nobody does', async () => {
  const [id = ''] = idsOf(server, 'active')
  const lease = (ago: number) =>
    server.store.put('asynq:{default}:lease', { type: 'zset', scores: new Map([[id, Math.floor(Date.now() / 1000) - ago]]) })
  lease(20)
  expect(await told()).toEqual([
    ['warning', expect.stringMatching(/^1 active job of queue default has a lease that ended \d+ s ago: .* takes it up within/), undefined],
  ])
  lease(600)
  expect((await told())[0]?.[0]).toBe('wrong')
})

test('a paused queue says since when and how many wait', async () => {
  server.store.set('asynq:{default}:paused', String(Math.floor(Date.now() / 1000) - 7200))
  expect(await told()).toEqual([
    ['wrong', 'Queue default is paused, since 2 h 0 min: 2 jobs wait, and none is taken', 'honeydue queue:resume default'],
  ])
  expect((await rowsOf('Queues'))?.[0]?.[0]).toBe('default (paused)')
})

test('a unique lock whose job is gone refuses equal ones as long as it lives', async () => {
  const id = '6f1c2a6e-0000-4000-8000-000000000001'
  server.store.set('asynq:{default}:unique:email:send:0cc175b9c0f1b6a831c399e269772661', id, 2_400_000)
  expect(await told()).toEqual([
    [
      'wrong',
      expect.stringMatching(/^1 unique lock of email:send has no job: equal ones are refused for \d+ min more$/),
      'honeydue queue:drop --lost',
    ],
  ])
})

test('a queue that asynq:queues does not name is found by its keys', async () => {
  server.store.delete('asynq:queues')
  expect((await told()).map(([level, text]) => [level, String(text).slice(0, 40)])).toEqual([
    ['warning', 'Queue default is not in asynq:queues: as'],
  ])
  expect((await rowsOf('Queues'))?.length).toBe(1)
})

test('failures are grouped by type and words, numbers apart; no secret of an error is said, no payload either', async () => {
  addTask(server, 'archived', {
    type: 'email:send',
    error: 'send to 7: 535 password=hunter22 refused',
    payload: '{"to":"planted@example.com"}',
  })
  addTask(server, 'archived', { type: 'email:send', error: 'send to 8: 535 password=hunter22 refused' })
  const rows = await rowsOf('Failed')
  expect(rows?.map(([state, , count, , error]) => [state, count, error])).toContainEqual([
    'archived',
    '2',
    expect.stringMatching(/^send to [78]: 535 password=•••• refused$/),
  ])
  expect(JSON.stringify(await look('email:send'))).not.toMatch(/hunter22|planted@/)
  expect(await rowsOf('5 jobs of email:send', 'email:send')).toHaveLength(5)
})

test.each(['hmget', 'smembers', 'scan', 'zrangebyscore', 'lrange'])(
  '%s refused by an ACL costs its own part, in the words of Redis',
  async (name) => {
    server.fail({ kind: 'refuses', commands: [name], words: `NOPERM this user has no permissions to run the '${name}' command` })
    const view = await look()
    if (name !== 'scan') expect(view.findings.map(({ text }) => text).join()).toContain('Redis refused a part of the answer: NOPERM')
    else expect(view.notes?.join()).toContain('The scan for queues and locks stopped')
    expect(view.findings.filter(({ level }) => level === 'wrong')).toEqual([])
  },
)

test('within 80 columns, whatever stands in the queue', async () => {
  addTask(server, 'archived', { type: 'a'.repeat(300), error: `${'x'.repeat(3000)}\u001b[31m` })
  const { columns, isTTY } = process.stdout
  Object.assign(process.stdout, { columns: 80, isTTY: true })
  const text = renderView(await look(), paint(false))
  Object.assign(process.stdout, { columns, isTTY })
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(text).not.toContain('\u001b')
})
