import { expect, test } from 'vitest'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { prune } from '../../src/lib/procedures/registry/prune.ts'
import { image, imageNames, namespace, registryHost, tags } from '../../src/lib/sandbox/deployment/facts.ts'
import { contextOf } from '../support/context.ts'
import { runOf } from '../support/run-of.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox, worlds } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox({ postgres: false })
const { systems, close } = useSystems(sandbox)
const input = { last: '1' }
const registry = () => sandbox().registry
const built = async () => void (await worlds['an image that is built and pushed'](sandbox()))
const start = async () => {
  await close()
  await sandbox().reset()
  await built()
}
const planned = (last = '1') => prepare(prune, { last }, systems(), contextOf(sandbox().environment))
const old = imageNames.map((name) => `${registryHost}/${name}:${tags.autoMigrate}`).sort()

laws(prune, wholeSubject({ sandbox, systems, close, observe: () => [...registry().lacking].sort() }), [
  { name: 'one newer and one older than what runs', input, arrange: built, meets: 'work' },
  { name: 'ten of the last stay', input: { last: '10' }, arrange: built, meets: 'nothing to do' },
  {
    name: 'what pods run is gone from the registry',
    input,
    arrange: async () => {
      await built()
      registry().lacking.add(image('api'))
    },
    refused: /which pods run, is not in the registry any more/,
  },
])

test('what runs and the newest stay, the older one goes, and each is named', async () => {
  await start()
  const { plan } = await planned()
  expect(plan.steps.flatMap(({ effect }) => effect.map(({ what }) => what)).sort()).toEqual(old)
  expect(plan.beyond).toContain(`honeydue-api keeps 2: one of the last cccc001; live ${tags.goose}`)
  expect([plan.risk, plan.subject, plan.confirm]).toEqual(['irreversible', registryHost, `sandbox/${registryHost}`])
})

test('what a rollback would go to stays', async () => {
  await start()
  const api = sandbox().kubernetes.client.get({ group: 'apps', resource: 'deployments' }, 'api', namespace)
  const { template } = (api?.spec ?? {}) as { template: { metadata: { labels: object }; spec: object } }
  const labels = { ...template.metadata.labels, 'pod-template-hash': 'before' }
  sandbox().kubernetes.client.create({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: 'api-of-before',
      namespace,
      annotations: { 'deployment.kubernetes.io/revision': '1' },
      labels,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'api', uid: api?.metadata.uid ?? '', controller: true }],
    },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: JSON.parse(
        JSON.stringify({ ...template, metadata: { ...template.metadata, labels } }).replaceAll(
          image('api'),
          image('api', tags.autoMigrate),
        ),
      ),
    },
  })
  const { plan } = await planned()
  expect(plan.steps.flatMap(({ effect }) => effect.map(({ what }) => what)).sort()).toEqual(
    old.filter((one) => one !== image('api', tags.autoMigrate)),
  )
  registry().lacking.add(image('api', tags.autoMigrate))
  expect((await planned()).plan.elsewhere).toEqual([
    `${image('api', tags.autoMigrate)}, which a rollback would go to, is not in the registry any more`,
  ])
})

test('a tag that no commit names stays, and content that Gitea forgot is told', async () => {
  await start()
  registry().push(image('web', 'tried-by-hand'))
  registry().push(image('api'))
  const { plan } = await planned()
  expect(plan.beyond).toContainEqual(expect.stringMatching(/^honeydue-web keeps 3: .*no commit of that name tried-by-hand$/))
  expect(plan.elsewhere).toEqual([
    expect.stringMatching(/honeydue-api@sha256:[0-9a-f]{64}, which pods run, is not in the registry any more$/),
  ])
})

test('a login that may only read deletes nothing, and a registry that is away is no empty one', async () => {
  await start()
  const prepared = await planned()
  registry().readOnly = true
  const { trouble } = await perform(prepared, runOf(systems(), prune.needs))
  expect([trouble?.code, trouble?.exitCode, [...registry().lacking]]).toEqual(['registry-may-not-delete', 4, []])
  registry().trouble = 'server-error'
  await expect(planned()).rejects.toMatchObject({ code: 'registry-server-error' })
})
