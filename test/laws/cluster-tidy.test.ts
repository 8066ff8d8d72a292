import { expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { readersOf } from '../../src/lib/plan/plan.ts'
import { isChange } from '../../src/lib/plan/procedure.ts'
import { tidy } from '../../src/lib/procedures/cluster/tidy.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { contextOf } from '../support/context.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox, worlds } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox({ postgres: false })
const { systems, close } = useSystems(sandbox)

const day = 86_400_000
const ago = (ms: number) => new Date(Date.now() - ms).toISOString().replace(/\.\d+Z$/, 'Z')

/** A Job as it stands after its end. */
const job = ({ kubernetes: { client } }: Sandbox, name: string, ended: number, more: object = {}, type = 'Complete') => {
  client.create({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'honeydue', ...more },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'x', image: 'registry.test/x:1' }] } } },
  })
  client.update(
    { group: 'batch', resource: 'jobs' },
    name,
    'honeydue',
    (draft) =>
      Object.assign(draft, {
        status: {
          conditions: [{ type, status: 'True', lastTransitionTime: ago(ended), lastProbeTime: ago(ended) }],
          startTime: ago(ended),
        },
      }),
    { subresource: 'status' },
  )
}

/** A pod of nobody that ended. */
const pod = ({ kubernetes: { client } }: Sandbox, name: string, phase: string, more: object = {}) => {
  client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'honeydue', ...more },
    spec: { nodeName: 'elsewhere', containers: [{ name: 'x', image: 'registry.test/x:1' }] },
  })
  client.update({ group: '', resource: 'pods' }, name, 'honeydue', (draft) => Object.assign(draft, { status: { phase } }), {
    subresource: 'status',
  })
}

const evicted = worlds['pods that were evicted']
const both = (one: Sandbox) => {
  evicted(one)
  job(one, 'backfill', 2 * day)
}

laws(
  tidy,
  wholeSubject({
    sandbox,
    systems,
    close,
    // What runs changes by itself; what has ended is removed by nobody else.
    observe: async () =>
      [
        ...sandbox().kubernetes.client.list({ group: '', resource: 'pods' }, { namespace: 'honeydue' }),
        ...sandbox().kubernetes.client.list({ group: 'batch', resource: 'jobs' }, { namespace: 'honeydue' }),
      ]
        .map(({ metadata }) => metadata.name)
        .sort(),
  }),
  [
    { name: 'evicted pods', input: {}, arrange: () => void evicted(sandbox()), meets: 'work' },
    { name: 'evicted pods and an old Job', input: {}, arrange: () => both(sandbox()), meets: 'work' },
    { name: 'nothing has ended', input: {}, arrange: () => {}, meets: 'nothing to do' },
    {
      name: 'an ended pod that something holds back',
      input: {},
      arrange: () => pod(sandbox(), 'held', 'Failed', { finalizers: ['example.com/backup'] }),
      refused: /Pod held is held back by example\.com\/backup/,
    },
  ],
)

test('what runs, what a Job or CronJob counts, what ended today, and the record of a migration stay', async () => {
  evicted(sandbox())
  pod(sandbox(), 'shell', 'Succeeded')
  const owned = (kind: string) => ({ ownerReferences: [{ apiVersion: 'batch/v1', kind, name: 'x', uid: 'x' }] })
  pod(sandbox(), 'try-1', 'Failed', owned('Job'))
  pod(sandbox(), 'goes-on', 'Running')
  job(sandbox(), 'backfill', 2 * day)
  job(sandbox(), 'broken', 30 * day, {}, 'Failed')
  job(sandbox(), 'fresh', day / 2)
  job(sandbox(), 'nightly-1', 9 * day, owned('CronJob'))
  job(sandbox(), 'honeydue-migrate', 9 * day)
  job(sandbox(), 'migrate-by-hand', 9 * day, { annotations: { 'honeydue.dev/migrates-to': '7' } })
  const facts = await tidy.gather({}, readersOf(systems(), tidy.needs), { ...contextOf(sandbox().environment), clock: systemClock })
  expect(facts.pods.map(({ name }) => name).sort()).toEqual(['api-evicted-1', 'api-evicted-2', 'shell'])
  expect(facts.jobs.map(({ name }) => name).sort()).toEqual(['backfill', 'broken'])
  const steps = tidy.steps(facts)
  expect(steps.map(({ title }) => title).sort()).toEqual([
    'Remove 1 ended pod',
    'Remove 2 ended pods of Deployment api',
    'Remove 2 finished Jobs',
  ])
  expect(steps.flatMap((step) => (isChange(step) ? (step.effect ?? []) : []))).toContainEqual({
    what: 'Job honeydue/broken',
    before: 'Failed',
    after: 'gone',
    note: expect.stringMatching(/^20\d\d-\d\d-\d\d \d\d:\d\d UTC, (?:30|29) d/),
  })
})

test('of very many pods a step names some and counts the others, and no step takes more than fifty', () => {
  const pods = Array.from({ length: 120 }, (_, at) => ({
    kind: 'Pod' as const,
    namespace: 'honeydue',
    name: `api-${at}`,
    uid: String(at),
    owner: 'Deployment api',
    reason: 'Evicted',
    at: ago(day),
    held: [],
  }))
  const steps = tidy.steps({ namespace: 'honeydue', now: new Date(), pods, jobs: [] })
  expect(steps.map(({ title }) => title.slice(0, 10))).toEqual(['Remove 50 ', 'Remove 50 ', 'Remove 20 '])
  expect(steps.map((step) => (isChange(step) ? step.effect?.at(-1)?.count : 0))).toEqual([38, 38, 8])
})
