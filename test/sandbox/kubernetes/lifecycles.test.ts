import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { startKubernetes } from '../../../src/lib/sandbox/kubernetes/kubernetes.ts'
import type { KubeObject, KubernetesSandbox } from '../../../src/lib/sandbox/kubernetes/types.ts'

const pods = { group: '', resource: 'pods' }
const deployments = { group: 'apps', resource: 'deployments' }
const replicaSets = { group: 'apps', resource: 'replicasets' }
const jobs = { group: 'batch', resource: 'jobs' }
const namespaces = { group: '', resource: 'namespaces' }
const authority = createAuthority('kubernetes')
let cluster: KubernetesSandbox
let empty: unknown

const field = (object: KubeObject | undefined, ...path: string[]): unknown =>
  path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], object)
const until = async (holds: () => boolean): Promise<void> => {
  for (let i = 0; i < 400 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 25))
  expect(holds()).toBe(true)
}
const pod = (name: string) => cluster.client.get(pods, name, 'default')
const container = (name: string, more = {}) => ({ name, image: 'registry.test/x:1', ...more })
const job = (name: string, annotations: Record<string, string>, spec = {}): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, namespace: 'default' },
  spec: { ...spec, template: { metadata: { annotations }, spec: { restartPolicy: 'Never', containers: [container('main')] } } },
})
const podsOfJob = (name: string) => cluster.client.list(pods, { namespace: 'default', labels: { 'job-name': name } })

beforeAll(async () => {
  const nodes = ['one', 'two'].map((name) => ({ name, address: '127.0.0.1', up: () => true }))
  cluster = await startKubernetes({ authority, nodes, speed: { ready: 30, terminate: 30, jobComplete: 30 } })
  empty = cluster.snapshot()
})
beforeEach(() => cluster.restore(empty))
afterAll(() => cluster.stop())

it('gives every namespace the certificate that signs the server, and empties and removes one that is deleted', async () => {
  cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
  const bundle = () => cluster.client.get({ group: '', resource: 'configmaps' }, 'kube-root-ca.crt', 'shop')
  await until(() => bundle() !== undefined)
  expect(field(bundle(), 'data', 'ca.crt')).toBe(authority.certificate)
  cluster.client.create({ ...job('one', {}), metadata: { name: 'one', namespace: 'shop' } })
  await until(() => cluster.client.list(pods, { namespace: 'shop' }).length === 1)
  cluster.client.delete(namespaces, 'shop')
  await until(() => cluster.client.get(namespaces, 'shop') === undefined)
  expect(cluster.client.list(pods, { namespace: 'shop' })).toEqual([])
})

it('runs init containers one after the other before the others, and leaves one that is restarted always beside them', async () => {
  const initContainers = [container('first'), container('proxy', { restartPolicy: 'Always' }), container('second')]
  cluster.client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'inits', namespace: 'default', annotations: { 'honeydue.test/init-after': '60ms' } },
    spec: { initContainers, containers: [container('main')] },
  })
  const states = (statuses: string) =>
    ((field(pod('inits'), 'status', statuses) ?? []) as { state: Record<string, unknown> }[]).map(({ state }) => Object.keys(state)[0])
  await until(() => states('initContainerStatuses')[0] === 'running')
  expect(states('initContainerStatuses')).toEqual(['running', 'waiting', 'waiting'])
  expect(field(pod('inits'), 'status', 'containerStatuses', '0', 'state')).toEqual({ waiting: { reason: 'PodInitializing' } })
  expect(field(pod('inits'), 'status', 'phase')).toBe('Pending')
  await until(() => states('containerStatuses')[0] === 'running')
  expect(states('initContainerStatuses')).toEqual(['terminated', 'running', 'terminated'])
  await until(() => field(pod('inits'), 'status', 'phase') === 'Running')
})

it('fails a pod whose init container fails where nothing is restarted', async () => {
  cluster.client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'bad', namespace: 'default', annotations: { 'honeydue.test/init-fail': '1' } },
    spec: { restartPolicy: 'Never', initContainers: [container('first')], containers: [container('main')] },
  })
  await until(() => field(pod('bad'), 'status', 'phase') === 'Failed')
  expect(field(pod('bad'), 'status', 'containerStatuses', '0', 'state')).toEqual({ waiting: { reason: 'PodInitializing' } })
})

it('counts each pod of a Job once, also one that is deleted after it was counted', async () => {
  cluster.client.create(job('twice', { 'honeydue.test/fail': '1' }, { backoffLimit: 3 }))
  const failed = () => field(cluster.client.get(jobs, 'twice', 'default'), 'status', 'failed')
  await until(() => failed() === 1)
  const [first] = podsOfJob('twice')
  expect(first?.metadata.finalizers ?? []).toEqual([])
  cluster.client.delete(pods, first?.metadata.name ?? '', 'default')
  await until(() => podsOfJob('twice').every(({ metadata }) => metadata.uid !== first?.metadata.uid))
  expect(failed()).toBeGreaterThanOrEqual(1)
})

it('holds a pod of a Job until it is counted, and lets it go with the Job', async () => {
  cluster.client.create(job('long', { 'honeydue.test/complete-after': '1h' }))
  await until(() => podsOfJob('long').some((one) => field(one, 'status', 'phase') === 'Running'))
  expect(podsOfJob('long')[0]?.metadata.finalizers).toEqual(['batch.kubernetes.io/job-tracking'])
  cluster.client.delete(jobs, 'long', 'default', { propagationPolicy: 'Background' })
  await until(() => podsOfJob('long').length === 0)
})

it('lets a pod go whose Job is deleted without it', async () => {
  cluster.client.create(job('orphaned', { 'honeydue.test/complete-after': '1h' }))
  await until(() => podsOfJob('orphaned').some((one) => field(one, 'status', 'phase') === 'Running'))
  cluster.client.delete(jobs, 'orphaned', 'default', { propagationPolicy: 'Orphan' })
  await until(() => podsOfJob('orphaned').every(({ metadata }) => !metadata.finalizers?.length))
  cluster.client.delete(pods, podsOfJob('orphaned')[0]?.metadata.name ?? '', 'default')
  await until(() => podsOfJob('orphaned').length === 0)
})

it('gives each set of a rollout under way its share of a new number', async () => {
  const web: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 10,
      strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } },
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container('main')] } },
    },
  }
  cluster.client.create(web)
  const current = () => cluster.client.get(deployments, 'web', 'default')
  await until(() => field(current(), 'status', 'availableReplicas') === 10)
  const change = (more: object) =>
    cluster.client.update(deployments, 'web', 'default', (draft) => Object.assign(draft['spec'] as object, more))
  const template = {
    metadata: { labels: { app: 'web' }, annotations: { 'honeydue.test/never-ready': '1' } },
    spec: { containers: [container('main')] },
  }
  change({ template })
  const sizes = () =>
    cluster.client
      .list(replicaSets, { namespace: 'default' })
      .map((set) => field(set, 'spec', 'replicas'))
      .sort((a, b) => Number(b) - Number(a))
  await until(() => sizes()[0] === 8 && sizes()[1] === 5)
  // The example of the Deployment's documentation: 8 and 5 of 13 become 11 and 7 of 18.
  change({ replicas: 15 })
  await until(() => sizes()[0] === 11 && sizes()[1] === 7)
})
