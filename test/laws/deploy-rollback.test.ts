import { rollback } from '../../src/lib/procedures/deploy/rollback.ts'
import { image, namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { gate, holdGate, inTransaction, jobBecomes, noTransaction, release, startJob, waitingAtGate } from '../support/migrations.ts'
import { eventually } from '../support/worlds.ts'
import { deploySubject } from './deploy-subject.ts'
import { laws } from './laws.ts'

const { subject, change, sandbox } = deploySubject({ postgres: true, jobs: true })
const tag = 'cccc001'
const before = '12b2f9d'
const back = (workload: readonly string[] = [], to = before) => ({ workload, to })

type Container = Record<string, unknown> & { image: string; readinessProbe?: object }
const edit = (name: string, how: (container: Container) => unknown) =>
  change(name, ({ spec }) => {
    const { template } = spec as { template: { spec: { containers: Container[] } } }
    for (const container of template.spec.containers) how(container)
  })
const podsOf = (name: string) =>
  sandbox().kubernetes.client.list({ group: '', resource: 'pods' }, { namespace, labels: { 'app.kubernetes.io/name': name } })
/** Waits until every pod of a workload has this in its spec. */
const every = async (name: string, word: string) => {
  await eventually(async () => podsOf(name).every(({ spec }) => JSON.stringify(spec).includes(word)))
  await subject.observe()
}
/** Waits until a pod more than the workload is to have hangs. */
const hangs = async (name: string) => {
  await eventually(async () => podsOf(name).length === 4)
  await subject.observe()
}
const deploy = async (names: readonly string[], files: Readonly<Record<string, string>> = {}) => {
  const next = await release(sandbox(), tag, files)
  if (Object.keys(files).length > 0) {
    await startJob(sandbox(), next)
    await jobBecomes(sandbox(), 'Complete')
  }
  for (const name of names) edit(name, (container) => Object.assign(container, { image: image(name, tag) }))
  for (const name of names) await every(name, image(name, tag))
}
const all = ['api', 'worker', 'web', 'admin']
const debug = (name: string) =>
  edit(name, (container) => {
    container.env = [...((container.env as object[] | undefined) ?? []), { name: 'TRACE', value: 'all' }]
  })

laws(rollback, subject, [
  { name: 'healthy', input: back(), arrange: () => deploy(all), meets: 'work' },
  { name: 'already so', input: back(), arrange: () => {}, meets: 'nothing to do' },
  {
    name: 'an applied migration that took something away',
    input: back(),
    arrange: () => deploy(all, { '000003_title.sql': inTransaction('ALTER TABLE tasks DROP COLUMN title;') }),
    refused: /12b2f9d may fail .*000003_title\.sql .*drops the column title/,
  },
  {
    name: 'an applied migration that only added',
    input: back(),
    arrange: () => deploy(['api', 'worker'], { '000003_notes.sql': inTransaction('ALTER TABLE tasks ADD COLUMN notes text;') }),
    meets: 'work',
  },
  { name: 'two workloads of four', input: back(['admin', 'worker']), arrange: () => deploy(all), meets: 'work', long: true },
  {
    name: 'a revision of one workload, with all that it had',
    input: back(['web'], '1'),
    arrange: async () => {
      debug('web')
      await every('web', 'TRACE')
    },
    meets: 'work',
  },
  {
    name: 'a revision of the worker, which must not run twice',
    input: back(['worker'], '1'),
    arrange: async () => {
      debug('worker')
      await every('worker', 'TRACE')
    },
    meets: 'work',
  },
  {
    name: 'a probe that answers 404',
    input: back(['web'], '1'),
    arrange: async () => {
      edit('web', (container) => {
        container.readinessProbe = { httpGet: { path: '/web/', port: 3000 }, periodSeconds: 5 }
      })
      await hangs('web')
    },
    meets: 'work',
    broken: true,
  },
  {
    name: 'an image that nobody pushed',
    input: back(['api']),
    arrange: async () => {
      edit('api', (container) => Object.assign(container, { image: image('api', 'fffffff') }))
      await hangs('api')
    },
    meets: 'work',
    broken: true,
  },
  {
    name: 'its image is gone from the registry',
    input: back(['web']),
    arrange: async () => {
      await deploy(['web'])
      sandbox().registry.lacking.add(image('web'))
    },
    refused: /honeydue-web:12b2f9d is not in its registry/,
  },
  {
    name: 'the registry away',
    input: back(['web']),
    arrange: async () => {
      await deploy(['web'])
      sandbox().registry.trouble = 'reset'
    },
    refused: /is not known: The registry .* does not answer/,
  },
  {
    name: 'a migration is running',
    input: back(['web']),
    arrange: async () => {
      await deploy(['web'])
      await holdGate(sandbox())
      await startJob(sandbox(), await release(sandbox(), 'cccc002', { '000003_gate.sql': noTransaction(gate) }))
      await eventually(async () => (await waitingAtGate(sandbox())) === 1)
    },
    refused: /a migration is running: Job honeydue-migrate/,
  },
  {
    name: 'a paused rollout',
    input: back(['web']),
    arrange: async () => {
      await deploy(['web'])
      change('web', (draft) => void Object.assign(draft.spec as object, { paused: true }))
    },
    refused: /the rollout of web is paused: honeydue deploy:resume web/,
  },
  {
    name: 'a revision, and no workload',
    input: back([], '1'),
    arrange: () => deploy(all),
    refused: /each workload counts its own revisions/,
  },
  {
    name: 'a revision, and two workloads',
    input: back(['web', 'admin'], '1'),
    arrange: () => deploy(['web', 'admin']),
    refused: /each workload counts its own revisions: name one workload/,
  },
])
