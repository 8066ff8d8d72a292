import { afterEach, expect, test } from 'vitest'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { retry } from '../../src/lib/procedures/queue/retry.ts'
import { contextOf } from '../support/context.ts'
import { unlessFollowing } from '../support/following.ts'
import { addGrouped, addTask, evict, idsOf } from '../support/queue.ts'
import { runOf } from '../support/run-of.ts'
import { laws } from './laws.ts'
import { queueSubject } from './queue-subject.ts'

const { subject, server } = queueSubject()
let chosen = ''
const first = () => ({ id: [chosen], type: undefined })
const choose = (state: string) => () => {
  chosen = idsOf(server(), state)[0] ?? ''
}
const ofType = { id: [], type: 'email:send' }

laws(retry, subject, [
  { name: 'one archived', input: first, arrange: choose('archived'), meets: 'work' },
  {
    name: 'three of a type, one of them locked',
    input: ofType,
    arrange: () => {
      addTask(server(), 'archived', { type: 'email:send' })
      addTask(server(), 'archived', { type: 'email:send', uniqueKey: 'asynq:{default}:unique:email:send:0' })
      addTask(server(), 'archived', { type: 'notification:push' })
    },
    meets: 'work',
  },
  { name: 'one that is pending', input: first, arrange: choose('pending'), meets: 'nothing to do' },
  { name: 'one that a worker has', input: first, arrange: choose('active'), meets: 'nothing to do' },
  {
    name: 'one that was evicted',
    input: first,
    arrange: () => {
      choose('archived')()
      evict(server(), chosen)
    },
    refused: /is lost: Redis evicted what was to be done/,
  },
  {
    name: 'one that waits in a group',
    input: first,
    arrange: () => {
      chosen = addGrouped(server(), 'user 1', { type: 'digest:item' })
    },
    meets: 'work',
  },
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

afterEach(unlessFollowing(() => subject.reset()))

const planned = (input: { readonly id: readonly string[]; readonly type: string | undefined }) =>
  prepare(retry, input, subject.systems(), contextOf())

test('an id of no job is refused, and so is neither an id nor a type', async () => {
  await expect(planned({ id: ['nope'], type: undefined })).rejects.toMatchObject({ code: 'queue-no-job' })
  await expect(planned({ id: [], type: undefined })).rejects.toMatchObject({ code: 'queue-which-jobs' })
})

test('an ACL that keeps scripts from us stops it in the words of Redis, and nothing is changed', async () => {
  choose('archived')()
  const prepared = await planned(first())
  const before = subject.observe()
  server().fail({ kind: 'refuses', commands: ['eval'], words: "NOPERM this user has no permissions to run the 'eval' command" })
  const { trouble } = await perform(prepared, runOf(subject.systems(), ['redis']))
  expect(trouble).toMatchObject({ exitCode: 4 })
  server().fail(undefined)
  expect(subject.observe()).toEqual(before)
})

test('more than half of what waits or has failed is out of the common, and is said; a few of many are not', async () => {
  for (let i = 0; i < 30; i++) addTask(server(), 'archived', { type: 'email:many' })
  const { plan } = await planned({ id: [], type: 'email:many' })
  expect(plan.outlier).toMatch(/^it acts on 30 of \d\d: jobs email:many$/)
  addTask(server(), 'archived', { type: 'email:few' })
  addTask(server(), 'archived', { type: 'email:few' })
  expect((await planned({ id: [], type: 'email:few' })).plan.outlier).toBeUndefined()
})
