import { expect, test } from 'vitest'
import { rolledOut } from '../../../src/lib/facts/cluster/rollout.ts'
import { startedAt } from '../../../src/lib/pod-state.ts'
import { namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { workload } from '../../../src/lib/sandbox/deployment/workload.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ speed: { ready: 20, terminate: 20 } })
const { systems } = useSystems(sandbox)
const client = () => sandbox().kubernetes.client
const deployments = { group: 'apps', resource: 'deployments' }
const pods = { group: '', resource: 'pods' }

const deploy = (name: string, annotations: Readonly<Record<string, string>>, spec: object = {}) => {
  const object = workload({ name, image: 'redis:7-alpine' })
  const { template } = object.spec as { template: { metadata: Record<string, unknown> } }
  template.metadata.annotations = annotations
  client().create({ ...object, spec: { ...(object.spec as object), ...spec } })
}
const podsOf = (name: string) => client().list(pods, { namespace, labels: { 'app.kubernetes.io/name': name } })
const look = (name: string, replicas = 1, since = '') =>
  rolledOut(systems().kube.read, { namespace, name, replicas }, (pod) => startedAt(pod) >= since)
const because = async (name: string, replicas = 1) => {
  const finding = await look(name, replicas)
  return finding.ok ? 'holds' : `${finding.hopeless ? 'hopeless: ' : ''}${finding.because}`
}
const patient = { timeout: 15_000, interval: 20 }

test('what timed out before the change does not end the cure: neither a new template nor more replicas', async () => {
  deploy('cure', { 'honeydue.test/never-ready': 'yes' }, { progressDeadlineSeconds: 1 })
  await expect.poll(() => because('cure'), patient).toMatch(/^hopeless: ReplicaSet "cure-\w+" has timed out progressing\.$/)
  await systems().kube.write.restart({ namespace, name: 'cure' })
  // The first answers are of the generation before, whose condition still stands.
  expect(await because('cure')).toMatch(/^(its controller has not yet seen the change|0 of 1|1 of 1 pods are still)/)
  client().update(deployments, 'cure', namespace, (draft) => {
    const spec = draft.spec as { template: { metadata: { annotations: Record<string, string> } } }
    spec.template.metadata.annotations = {}
  })
  expect(await because('cure')).not.toMatch(/^hopeless/)
  await expect.poll(() => because('cure'), patient).toBe('holds')
})

test('pods that were evicted, completed or preempted count nowhere', async () => {
  deploy('whole', {})
  await expect.poll(() => because('whole'), patient).toBe('holds')
  const [set] = client().list({ group: 'apps', resource: 'replicasets' }, { namespace, labels: { 'app.kubernetes.io/name': 'whole' } })
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: set?.metadata.name ?? '',
    uid: set?.metadata.uid ?? '',
    controller: true,
  }
  for (const [i, status] of [
    { phase: 'Failed', reason: 'Evicted' },
    { phase: 'Succeeded' },
    { phase: 'Failed', reason: 'Preempting' },
  ].entries()) {
    const name = `whole-ended-${i}`
    client().create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: { ...podsOf('whole')[0]?.metadata.labels }, ownerReferences: [owner] },
      spec: { nodeName: 'elsewhere', containers: [{ name: 'whole', image: 'x' }] },
    })
    client().update(pods, name, namespace, (draft) => Object.assign(draft, { status }), { subresource: 'status' })
  }
  await expect.poll(() => because('whole'), patient).toBe('holds')
  await systems().kube.write.restart({ namespace, name: 'whole' })
  await expect.poll(() => because('whole'), patient).toBe('holds')
})

test('a pod on its way out, kept by a finalizer, does not hold a rollout up', async () => {
  deploy('kept', {})
  await expect.poll(() => because('kept'), patient).toBe('holds')
  const [pod] = podsOf('kept')
  client().update(pods, pod?.metadata.name ?? '', namespace, (draft) => {
    draft.metadata.finalizers = ['example.com/backup']
  })
  await systems().kube.write.restart({ namespace, name: 'kept' })
  await expect.poll(() => because('kept'), patient).toBe('holds')
  expect(podsOf('kept').some(({ metadata }) => metadata.deletionTimestamp !== undefined)).toBe(true)
  client().update(pods, pod?.metadata.name ?? '', namespace, (draft) => {
    draft.metadata.finalizers = []
  })
})

test('why pods do not come: what refuses them, what they say, what is said of them', async () => {
  deploy('broken', { 'honeydue.test/crash': 'yes' })
  await expect.poll(() => because('broken'), patient).toMatch(/^hopeless: broken-\S+ is in CrashLoopBackOff \(back-off/)
  deploy('homeless', {}, {})
  client().update(deployments, 'homeless', namespace, (draft) => {
    const spec = draft.spec as { template: { spec: { nodeSelector?: Record<string, string> } } }
    spec.template.spec.nodeSelector = { 'kubernetes.io/hostname': 'nowhere' }
  })
  await expect.poll(() => because('homeless'), patient).toMatch(/homeless-\S+ has no node: 0\/3 nodes are available/)
  client().update(
    deployments,
    'homeless',
    namespace,
    (draft) => {
      const { conditions = [] } = draft.status as { conditions?: object[] }
      const message = 'pods "homeless-x" is forbidden: exceeded quota: compute'
      draft.status = { ...(draft.status as object), conditions: [...conditions, { type: 'ReplicaFailure', status: 'True', message }] }
    },
    { subresource: 'status' },
  )
  await expect
    .poll(() => because('homeless', 2), patient)
    .toMatch(/no more can be made: pods "homeless-x" is forbidden: exceeded quota: compute/)
})
