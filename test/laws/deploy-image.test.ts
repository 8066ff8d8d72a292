import { image as deployImage } from '../../src/lib/procedures/deploy/image.ts'
import { image, namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { differingNodes } from '../support/digest-worlds.ts'
import { gate, holdGate, inTransaction, jobBecomes, noTransaction, release, startJob, waitingAtGate } from '../support/migrations.ts'
import { eventually } from '../support/worlds.ts'
import { deploySubject } from './deploy-subject.ts'
import { laws } from './laws.ts'

const { subject, change, sandbox } = deploySubject({ postgres: true, jobs: true })
const tag = 'cccc001'
const to = (only: readonly string[] = [], byDigest = false) => ({ tag, only, 'by-digest': byDigest })
const notes = { '000003_notes.sql': inTransaction('ALTER TABLE tasks ADD COLUMN notes text;') }
const next = async () => void (await release(sandbox(), tag, {}))
const setImage = (name: string, of: string) =>
  change(name, ({ spec }) => {
    const { template } = spec as { template: { spec: { containers: { image: string }[] } } }
    for (const container of template.spec.containers) container.image = of
  })
const spec = (name: string, more: object) => void change(name, (draft) => void Object.assign(draft.spec as object, more))

laws(deployImage, subject, [
  { name: 'healthy', input: to(), arrange: next, meets: 'work' },
  { name: 'already so', input: { ...to(), tag: '12b2f9d' }, arrange: () => {}, meets: 'nothing to do' },
  { name: 'missing tag', input: to(), arrange: () => {}, refused: /honeydue-api:cccc001 is not in its registry/ },
  { name: 'the worker, which must not run twice', input: to(['worker']), arrange: next, meets: 'work' },
  {
    name: 'a worker that a run stopped, and did not start',
    input: to(['worker']),
    arrange: async () => {
      await next()
      change('worker', ({ spec, metadata }) => {
        metadata.annotations = { ...metadata.annotations, 'honeydue.dev/replicas': '1' }
        Object.assign(spec as object, { replicas: 0 })
      })
    },
    meets: 'work',
  },
  {
    name: 'api came to it, and the run stopped there',
    input: to(['api', 'web']),
    arrange: async () => {
      await next()
      setImage('api', image('api', tag))
    },
    meets: 'work',
  },
  {
    name: 'a re-used tag, by its digest',
    input: { tag: '12b2f9d', only: ['web'], 'by-digest': true },
    arrange: () => sandbox().registry.push(image('web')),
    meets: 'work',
  },
  {
    name: 'a re-used tag',
    input: to(['web']),
    arrange: async () => {
      await next()
      setImage('web', image('web', tag))
      await subject.observe()
      setImage('web', image('web'))
      // A pod that has the tag from before stays for the law to see: one by itself, under the labels of web.
      const { client } = sandbox().kubernetes
      const [pod] = client.list({ group: '', resource: 'pods' }, { namespace, labels: { 'app.kubernetes.io/name': 'web' } })
      const { containers = [] } = (pod?.spec ?? {}) as { readonly containers?: readonly object[] }
      client.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web-by-hand', namespace, labels: { 'app.kubernetes.io/name': 'web' } },
        spec: { ...(pod?.spec as object), containers: containers.map((one) => ({ ...one, image: image('web', tag) })) },
      })
      await eventually(async () => JSON.stringify(client.get({ group: '', resource: 'pods' }, 'web-by-hand', namespace)).includes('sha256'))
      sandbox().registry.push(image('web', tag))
    },
    refused: /was pushed again: .*--by-digest names the new one/,
  },
  {
    name: 'a re-used tag that is set already, of which two nodes keep the content from before',
    input: { tag: '12b2f9d', only: ['web'], 'by-digest': false },
    arrange: () => differingNodes(sandbox()),
    refused: /was pushed again: pods of web run .*--by-digest names the new one/,
  },
  {
    name: 'the same, by its digest',
    input: { tag: '12b2f9d', only: ['web'], 'by-digest': true },
    arrange: () => differingNodes(sandbox()),
    meets: 'work',
  },
  {
    name: 'an arm64 image',
    input: to(['api']),
    arrange: async () => {
      await next()
      sandbox().registry.push(image('api', tag), { platforms: ['linux/arm64'], plain: true })
    },
    refused: /is for linux\/arm64 alone; the nodes are linux\/amd64/,
  },
  {
    name: 'the registry away',
    input: to(),
    arrange: async () => {
      await next()
      sandbox().registry.trouble = 'reset'
    },
    refused: /is not known: The registry .* does not answer/,
  },
  {
    name: 'pending migrations',
    input: to(),
    arrange: async () => void (await release(sandbox(), tag, notes)),
    refused: /000003_notes\.sql of cccc001 has not run/,
  },
  {
    name: 'a schema ahead of the image',
    input: to(),
    arrange: async () => {
      await next()
      await startJob(sandbox(), await release(sandbox(), 'cccc002', notes))
      await jobBecomes(sandbox(), 'Complete')
    },
    refused: /the schema has version 3, which cccc001 does not know/,
  },
  {
    name: 'pending migrations matter to web not at all',
    input: to(['web']),
    arrange: async () => void (await release(sandbox(), tag, notes)),
    meets: 'work',
  },
  {
    name: 'a migration is running',
    input: to(['web']),
    arrange: async () => {
      await holdGate(sandbox())
      await startJob(sandbox(), await release(sandbox(), tag, { '000003_notes.sql': noTransaction(gate) }))
      await eventually(async () => (await waitingAtGate(sandbox())) === 1)
    },
    refused: /a migration is running: Job honeydue-migrate/,
  },
  {
    name: 'two workers',
    input: to(['worker']),
    arrange: async () => {
      await next()
      spec('worker', { replicas: 2 })
      await subject.observe()
    },
    refused: /worker has 2 replicas, and only one may run/,
  },
  {
    name: 'a paused rollout',
    input: to(['web']),
    arrange: async () => {
      await next()
      spec('web', { paused: true })
    },
    refused: /the rollout of web is paused: honeydue deploy:resume web/,
  },
])
