import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderView } from '../../../src/lib/cli/render-view.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { readersOf } from '../../../src/lib/plan/plan.ts'
import type { View } from '../../../src/lib/plan/report.ts'
import { clusterHealth } from '../../../src/lib/reports/cluster/health.ts'
import { image } from '../../../src/lib/sandbox/deployment/facts.ts'
import { workload } from '../../../src/lib/sandbox/deployment/workload.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { honeydue, requireBuild } from '../../support/program.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true, speed: { ready: 50, nodeGrace: 300 } })
beforeAll(requireBuild)

const look = async (): Promise<View> => {
  const signal = new AbortController().signal
  const { environment } = sandbox()
  const systems = openSystems(environment, systemClock, signal)
  try {
    return await clusterHealth.look({}, readersOf(systems, clusterHealth.needs), { environment, clock: systemClock, signal })
  } finally {
    await systems.close()
  }
}
const wrong = async () => (await look()).findings.filter(({ level }) => level === 'wrong')

/** A Deployment beside honeyDue's own, whose pods behave as the annotations say. */
const deploy = (name: string, annotations: Readonly<Record<string, string>>, pod: Readonly<Record<string, unknown>> = {}, tag?: string) => {
  const object = workload({ name, image: image('web', tag), pod })
  const { template } = object.spec as { template: { metadata: Record<string, unknown> } }
  template.metadata.annotations = annotations
  sandbox().kubernetes.client.create(object)
}

test('a healthy cluster has nothing to tell, and its document counts what was looked at', async () => {
  const view = await look()
  expect(view.findings).toEqual([])
  expect(view.tables.map(({ title }) => title)).toEqual(['Nodes'])
  expect(view.tables[0]?.rows[0]?.slice(0, 3)).toEqual(['ubuntu-8gb-nbg1-1', 'hetzner2', 'Ready'])
  expect(view.data).toMatchObject({ podCount: 16, unwell: [], below: [], claims: [], warnings: [], unread: [] })
})

test('a crash loop: the workload, its pods, their restarts, how they ended and what they said last', async () => {
  deploy('broken', { 'honeydue.test/crash': 'yes' })
  await expect.poll(async () => (await wrong()).map(({ text }) => text).join('\n'), { timeout: 15_000 }).toMatch(/CrashLoopBackOff/)
  const view = await look()
  expect(view.findings.filter(({ text }) => text.includes('broken'))).toEqual([
    {
      level: 'wrong',
      text: expect.stringMatching(
        /^Deployment broken in honeydue: 0 of 1 pods are ready; a pod is CrashLoopBackOff \([1-9]\d* restarts?, last Error \(1\)\)/,
      ),
      next: expect.stringMatching(/^honeydue logs pod\/broken-\S+ -n honeydue --previous --tail 50$/),
    },
  ])
  const events = view.tables.find(({ title }) => title === 'Warning events of the last hour')
  expect(events?.rows[0]?.slice(2, 4)).toEqual(['Pod broken-…', 'BackOff'])
})

test('an image that cannot be pulled, a pod that fits nowhere, a claim without a volume', async () => {
  deploy('imageless', {}, {}, 'nope')
  deploy('homeless', {}, { nodeSelector: { 'kubernetes.io/hostname': 'nowhere' } })
  sandbox().kubernetes.client.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'spare', namespace: 'honeydue' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } },
  })
  await expect.poll(async () => (await wrong()).map(({ text }) => text.slice(0, 60)), { timeout: 15_000 }).toHaveLength(3)
  await expect.poll(async () => (await wrong()).map(({ text }) => text).join(), { timeout: 15_000 }).toContain('ImagePullBackOff')
  expect((await wrong()).map(({ text }) => text)).toEqual([
    expect.stringMatching(/^Deployment homeless in honeydue: 0 of 1 pods are ready; a pod is Unschedulable: /),
    expect.stringMatching(
      /^Deployment imageless in honeydue: 0 of 1 pods are ready; a pod is ImagePullBackOff: .*honeydue-web:nope: not found$/,
    ),
    'Claim spare in honeydue has no volume: Pending, storage class fast, which is not there',
  ])
})

test('pods that have just been made are starting: wrong while nothing else serves, and not beside others', async () => {
  const levels = async () => (await look()).findings.map(({ level, text }) => `${level} ${text}`).join('\n')
  deploy('slow', { 'honeydue.test/never-ready': 'yes' })
  await expect.poll(levels, { timeout: 15_000 }).toMatch(/^wrong Deployment slow in honeydue: 0 of 1 pods are ready; a pod is Starting/m)
  const { client } = sandbox().kubernetes
  const [web] = client.list({ group: '', resource: 'pods' }, { namespace: 'honeydue', labels: { 'app.kubernetes.io/name': 'web' } })
  client.update({ group: 'apps', resource: 'deployments' }, 'slow', 'honeydue', (draft) =>
    Object.assign(draft.spec as object, { replicas: 0 }),
  )
  client.delete({ group: '', resource: 'pods' }, web?.metadata.name ?? '', 'honeydue')
  await expect.poll(levels, { timeout: 15_000 }).not.toMatch(/web/)
})

test('a node that is away is one line, with all that is away with it; the tables keep to 80 columns', async () => {
  await sandbox().nodes.setUp('hetzner2', false)
  await expect.poll(async () => (await wrong())[0]?.text, { timeout: 15_000 }).toMatch(/^hetzner2 is NotReady: .*; with it .*api 2 of 3/)
  expect(await wrong()).toHaveLength(1)
  const view = await look()
  expect(view.tables[0]?.rows[0]?.slice(0, 3)).toEqual(['ubuntu-8gb-nbg1-1', 'hetzner2', 'NotReady'])
  const tables = renderView({ ...view, findings: [], notes: [] }, paint(false))
  expect(Math.max(...tables.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
})

test('through the program: 0 when well, 3 when not, 9 when the API is away; a kind that may not be read is said so', async () => {
  const run = async () => {
    const { code, stdout } = await honeydue(['cluster:health', '--json', '--env', join(sandbox().dir, 'environment.yaml')])
    return { code, document: JSON.parse(stdout) }
  }
  expect(await run()).toMatchObject({ code: 0, document: { schemaVersion: 1, command: 'cluster:health', findings: [] } })
  const heal = sandbox().kubernetes.fail({ match: ({ path }) => path.includes('/events'), answer: { status: 403, reason: 'Forbidden' } })
  expect(await run()).toMatchObject({
    code: 3,
    document: { findings: [{ level: 'wrong', text: expect.stringMatching(/^Events cannot be read: /) }], data: { podCount: 16 } },
  })
  heal()
  sandbox().kubernetes.fail({ answer: 'reset' })
  expect(await run()).toMatchObject({ code: 9, document: { error: { code: 'kube-unreachable' } } })
})

/** Pods beside those of a ReplicaSet, on no node of a kubelet's, with the status that they are given. */
const place = (name: string, status: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}) => {
  const { client } = sandbox().kubernetes
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'honeydue', ...more },
    spec: { nodeName: 'elsewhere', containers: [{ name, image: 'x' }] },
  }
  client.create(pod)
  client.update({ group: '', resource: 'pods' }, name, 'honeydue', (draft) => Object.assign(draft, { status }), { subresource: 'status' })
}

test('pods that have ended are something to tidy, and a Job that gave up is wrong without pods', async () => {
  const [set] = sandbox().kubernetes.client.list({ group: 'apps', resource: 'replicasets' }, { namespace: 'honeydue' })
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: set?.metadata.name ?? '', uid: set?.metadata.uid ?? '' }
  place('old-2', { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' }, { ownerReferences: [owner] })
  place('old-1', { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' }, { ownerReferences: [owner] })
  expect(await look()).toMatchObject({
    findings: [
      {
        level: 'warning',
        text: expect.stringMatching(/2 ended pods are left over \(Evicted: The node was low/),
        next: 'honeydue cluster:tidy',
      },
    ],
  })
  sandbox().kubernetes.client.create({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'nightly', namespace: 'honeydue' },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: { annotations: { 'honeydue.test/fail': 'yes', 'honeydue.test/complete-after': '20ms' } },
        spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'x' }] },
      },
    },
  })
  await expect
    .poll(async () => (await wrong()).map(({ text }) => text), { timeout: 15_000 })
    .toEqual([expect.stringMatching(/^Job nightly in honeydue has failed: BackoffLimitExceeded: /)])
})

test('a quota that refuses pods is why a workload lacks them', async () => {
  const { client } = sandbox().kubernetes
  deploy('refused', { 'honeydue.test/never-ready': 'yes' }, { nodeSelector: { 'kubernetes.io/hostname': 'nowhere' } })
  const message = 'pods "refused-x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=9, limited: pods=9'
  const deployments = { group: 'apps', resource: 'deployments' }
  client.update(
    deployments,
    'refused',
    'honeydue',
    (draft) => {
      const { conditions = [] } = (draft.status ?? {}) as { readonly conditions?: readonly object[] }
      draft.status = {
        ...(draft.status as object),
        conditions: [...conditions, { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }],
      }
    },
    { subresource: 'status' },
  )
  await expect
    .poll(async () => (await wrong()).map(({ text }) => text).join(), { timeout: 15_000 })
    .toMatch(/0 of 1 pods are ready; no more can be made: pods "refused-x" is forbidden.*limited: pods=9/)
})

test('an API of 404s is no healthy cluster', async () => {
  sandbox().kubernetes.fail({ answer: { status: 404, reason: 'NotFound' } })
  await expect(look()).rejects.toMatchObject({ code: 'kube-refused' })
})

const deployments = { group: 'apps', resource: 'deployments' }
const scale = (name: string, replicas: number) =>
  sandbox().kubernetes.client.update(deployments, name, 'honeydue', (draft) => Object.assign(draft.spec as object, { replicas }))

test('a probe whose path is not there is told with its 404', async () => {
  sandbox().kubernetes.client.update(deployments, 'admin', 'honeydue', (draft) => {
    const { template } = draft.spec as { template: { spec: { containers: { readinessProbe?: object; startupProbe?: object }[] } } }
    const [container] = template.spec.containers
    const probe = { httpGet: { path: '/admin/', port: 3000 }, periodSeconds: 1 }
    if (container) Object.assign(container, { readinessProbe: probe, startupProbe: { ...probe, failureThreshold: 120 } })
  })
  await expect
    .poll(async () => (await look()).findings.map(({ text }) => text).join('\n'), { timeout: 15_000 })
    .toMatch(/admin.*probe failed: HTTP probe failed with statuscode: 404/)
})

test('a second scheduler beside the one worker, and a database name that is not there, are told with what mends them', async () => {
  const { kubernetes, redis } = sandbox()
  const seconds = Math.floor(Date.now() / 1000)
  const alive = redis.store.get('asynq:schedulers')
  const scores = new Map(alive?.type === 'zset' ? alive.scores : [])
  redis.store.put('asynq:schedulers', { type: 'zset', scores: scores.set('asynq:schedulers:{old-cluster:1:abc}', seconds + 600) })
  const [second] = await wrong()
  expect(second?.text).toMatch(/^2 schedulers live \(.*old-cluster.*\): every periodic job is enqueued twice$/)
  expect(second?.next).toBe('honeydue queue:status')
  kubernetes.client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', 'honeydue', (draft) => {
    draft.data = { ...(draft.data as object), POSTGRES_DB: 'honeydue' }
  })
  const texts = await wrong()
  expect(texts).toContainEqual({
    level: 'wrong',
    text: expect.stringMatching(/^POSTGRES_DB is honeydue in honeydue-config, and PostgreSQL has no such database: .* there is honeyDue/),
    next: 'honeydue config:set POSTGRES_DB=honeyDue',
  })
})

test('where neither Redis nor PostgreSQL answers, the cluster is told all the same, and what is not known', async () => {
  sandbox().redis.fail({ kind: 'silent' })
  for (const endpoint of ['direct', 'pooler'] as const) sandbox().postgres.behave(endpoint, { answer: 'reset' })
  const view = await look()
  expect(view.findings).toEqual([])
  expect(view.notes).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^Which schedulers live is not known: /),
      expect.stringMatching(/^Which databases there are is not known: /),
    ]),
  )
})

test("the deployment's own rules come first: two workers, too few or no api, DEBUG, Redis away from its volume", async () => {
  const { client } = sandbox().kubernetes
  scale('worker', 2)
  await expect
    .poll(async () => (await wrong()).map(({ text }) => text), { timeout: 15_000 })
    .toEqual(['worker is set to 2 pods, and is to have 1: only one may run at a time'])
  expect((await wrong())[0]?.next).toBe('honeydue deploy:scale worker --replicas 1')
  scale('worker', 1)
  scale('api', 0)
  scale('web', 4)
  client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', 'honeydue', (draft) => {
    draft.data = { ...(draft.data as object), DEBUG: 'True' }
  })
  const [redis] = client.list({ group: '', resource: 'persistentvolumes' })
  client.delete({ group: '', resource: 'persistentvolumes' }, redis?.metadata.name ?? '')
  const { uid: _, resourceVersion: __, creationTimestamp: ___, managedFields: ____, ...metadata } = redis?.metadata ?? { name: '' }
  const moved = JSON.stringify({ ...redis, metadata: { ...metadata, finalizers: [] } }).replaceAll('ubuntu-8gb-nbg1-2', 'ubuntu-8gb-nbg1-3')
  client.create(JSON.parse(moved))
  const view = await look()
  const rules = view.findings.filter(({ text }) => !text.startsWith('Deployment web'))
  expect(rules.map(({ level, text }) => `${level} ${text}`)).toEqual([
    'wrong api is set to 0 pods, and is to have 3',
    expect.stringMatching(/^wrong DEBUG is True in honeydue-config: /),
    expect.stringMatching(/^wrong redis runs on ubuntu-8gb-nbg1-2, and its volume is on ubuntu-8gb-nbg1-3$/),
    'warning web is set to 4 pods, and is to have 3',
  ])
})
