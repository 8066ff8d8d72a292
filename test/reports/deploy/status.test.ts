import { afterEach, expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderView } from '../../../src/lib/cli/render-view.ts'
import { deployStatus } from '../../../src/lib/reports/deploy/status.ts'
import { image, namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import { contextOf } from '../../support/context.ts'
import { inTransaction, jobBecomes, patient, release, startJob } from '../../support/migrations.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems, close } = useSystems(sandbox)
afterEach(close)
const look = () => {
  const { kube, registry, checkout, postgres } = systems()
  const read = { kube: kube.read, registry: registry.read, checkout: checkout.read, postgres: postgres.read }
  return deployStatus.look({}, read, contextOf(sandbox().environment))
}
const findings = async () => (await look()).findings.map(({ level, text }) => `${level}: ${text}`)
const change = (name: string, edit: (spec: Record<string, unknown>, container: Record<string, unknown>) => void) =>
  sandbox().kubernetes.client.update({ group: 'apps', resource: 'deployments' }, name, namespace, (draft) => {
    const { template } = draft.spec as { readonly template: { readonly spec: { readonly containers: Record<string, unknown>[] } } }
    edit(draft.spec as Record<string, unknown>, template.spec.containers[0] ?? {})
  })
const setImage = (name: string, of: string) => change(name, (_, container) => Object.assign(container, { image: of }))

test('healthy: every pod runs what the registry has, the commit has its subject, and 80 columns hold it', async () => {
  const view = await look()
  expect(view.findings).toEqual([])
  expect(view.tables[0]?.rows).toEqual([
    ['api', '12b2f9d', '1', '3/3', 'done'],
    ['worker', '12b2f9d', '1', '1/1', 'done'],
    ['web', '12b2f9d', '1', '3/3', 'done'],
    ['admin', '12b2f9d', '1', '1/1', 'done'],
  ])
  expect(view.tables[1]?.rows.map((row) => row[3])).toEqual(Array(4).fill('the same'))
  expect(view.notes).toContain('12b2f9d: Run migrations with goose in a Job (2026-04-26)')
  const text = renderView(view, paint(false))
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  for (const secret of plantedValues) expect(text + JSON.stringify(view.data)).not.toContain(secret)
})

test('a tag that was pushed again, and a pod that came to a node without it: who runs which digest', async () => {
  const { registry, kubernetes } = sandbox()
  registry.push(image('web'))
  const [pod] = kubernetes.client.list({ group: '', resource: 'pods' }, { namespace, labels: { 'app.kubernetes.io/name': 'web' } })
  expect(await findings()).toEqual([
    expect.stringMatching(/^wrong: web: 3 pods run sha256:\w{12}; the registry has sha256:\w{12} for 12b2f9d/),
  ])
  change('web', (_, container) => Object.assign(container, { imagePullPolicy: 'Always' }))
  kubernetes.client.delete({ group: '', resource: 'pods' }, pod?.metadata.name ?? '', namespace)
  await expect
    .poll(async () => (await look()).tables[1]?.rows.filter(([name]) => name === 'web').map((row) => row[3]), patient)
    .toEqual(['the same'])
})

test('an image for another platform, and one that is not in its registry', async () => {
  const { registry } = sandbox()
  registry.push(image('admin', 'aaaaaaa'), { platforms: ['linux/arm64'], plain: true })
  setImage('admin', image('admin', 'aaaaaaa'))
  setImage('web', image('web', 'fffffff'))
  await expect
    .poll(async () => (await findings()).join('\n'), patient)
    .toMatch(/The rollout of web is stuck, 3 of 3 pods are ready: ImagePullBackOff/)
  await expect
    .poll(async () => (await findings()).join('\n'), patient)
    .toMatch(/The rollout of admin is stuck, 1 of 1 pods are ready: CrashLoopBackOff/)
  const said = (await findings()).join('\n')
  expect(said).toContain('honeydue-admin:aaaaaaa is for linux/arm64 alone: it does not run on these nodes (linux/amd64)')
  expect(said).toContain('honeydue-web:fffffff is not in its registry')
  expect(said).toContain('(web) names no commit of the checkout')
})

test('a paused rollout, an autoscaler, two workers, another commit, an edited ConfigMap', async () => {
  const { client } = sandbox().kubernetes
  change('web', (spec) => Object.assign(spec, { paused: true }))
  change('worker', (spec, container) => {
    Object.assign(spec, { replicas: 2 })
    Object.assign(container, { image: image('worker', 'b67f7f9') })
  })
  client.create({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'api-more', namespace },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' }, maxReplicas: 9 },
  })
  client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) => {
    draft.data = { ...(draft.data as object), OTEL_TRACES_SAMPLER_ARG: '1' }
  })
  const said = (await findings()).join('\n')
  expect(said).toContain('warning: The rollout of web is paused')
  expect(said).toContain('warning: The autoscaler api-more sets the replicas of api')
  expect(said).toContain('wrong: worker is set to 2 pods; the manifests have 1: only one may run at a time')
  expect(said).toContain('warning: api is of 12b2f9d and worker of b67f7f9')
  expect(said).toContain('warning: 3 pods of api started before honeydue-config was last written')
})

test('an autoscaler that is at its most, and one that cannot measure, say so in its own words', async () => {
  const { client } = sandbox().kubernetes
  const scale = (name: string, condition: object) => {
    client.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name, namespace },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, maxReplicas: 4 },
    })
    const status = { conditions: [{ type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale' }, condition] }
    client.update(
      { group: 'autoscaling', resource: 'horizontalpodautoscalers' },
      name,
      namespace,
      (draft) => Object.assign(draft, { status }),
      {
        subresource: 'status',
      },
    )
  }
  scale('api', {
    type: 'ScalingLimited',
    status: 'True',
    reason: 'TooManyReplicas',
    message: 'the desired replica count is more than the maximum replica count',
  })
  const unmeasured =
    'the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: the server is currently unable to handle the request (get pods.metrics.k8s.io)'
  scale('web', { type: 'ScalingActive', status: 'False', reason: 'FailedGetResourceMetric', message: unmeasured })
  const said = await findings()
  expect(said).toContainEqual(expect.stringContaining('warning: The autoscaler api of api: it wants more than the 4 pods that it may have'))
  expect(said).toContainEqual(
    expect.stringMatching(/^warning: The autoscaler web of web: it does nothing: the HPA was unable .*\(get pods\.metrics\.k8s\.io\)/),
  )
})

test('migrations that have not run, a schema that is ahead, and a registry that is away', async () => {
  const next = await release(sandbox(), 'cccc001', { '000003_notes.sql': inTransaction('ALTER TABLE tasks ADD COLUMN notes text;') })
  setImage('api', next)
  expect((await findings()).join('\n')).toMatch(/wrong: .*honeydue-api:cccc001 wants 000003_notes.sql, which has not run/)
  await startJob(sandbox(), next)
  await jobBecomes(sandbox(), 'Complete')
  setImage('api', image('api'))
  expect((await findings()).join('\n')).toMatch(/warning: The schema has version 3, which .*honeydue-api:12b2f9d does not know/)
  sandbox().registry.trouble = 'reset'
  const view = await look()
  expect(view.notes?.join('\n')).toContain('What the registry has is not known')
  expect(view.tables[1]?.rows.every((row) => row[3] === 'not known')).toBe(true)
})
