import { expect, test } from 'vitest'
import { hosts, image, namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { workload } from '../../src/lib/sandbox/deployment/workload.ts'
import type { KubeObject } from '../../src/lib/sandbox/kubernetes/types.ts'
import { manifestOf } from '../../src/lib/sandbox/registry/manifest.ts'
import { patient } from '../support/migrations.ts'
import { useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox({ speed: { ready: 1, terminate: 1, nodeGrace: 200 } })
const pods = { group: '', resource: 'pods' }

interface Status {
  readonly phase: string
  readonly containerStatuses?: readonly {
    readonly imageID: string
    readonly ready: boolean
    readonly restartCount: number
    readonly state: { readonly waiting?: { readonly reason: string; readonly message?: string } }
  }[]
}
const client = () => sandbox().kubernetes.client
const podsOf = (name: string) => client().list(pods, { namespace, labels: { 'app.kubernetes.io/name': name } })
const containerOf = (pod: KubeObject | undefined) => (pod?.status as Status | undefined)?.containerStatuses?.[0]
const waitingOf = (name: string) => podsOf(name).flatMap((pod) => containerOf(pod)?.state.waiting ?? [])
const change = (name: string, edit: (container: Record<string, unknown>) => void) =>
  client().update({ group: 'apps', resource: 'deployments' }, name, namespace, (draft) => {
    const { template } = draft.spec as { template: { metadata: { annotations?: object }; spec: { containers: Record<string, unknown>[] } } }
    template.metadata.annotations = { changed: String(Math.random()) }
    for (const container of template.spec.containers) edit(container)
  })
const setImage = (name: string, of: string) => change(name, (container) => Object.assign(container, { image: of }))
const eventsOf = (reason: string) =>
  client()
    .list({ group: '', resource: 'events' }, { namespace })
    .filter((event) => event.reason === reason)
    .map(({ message }) => String(message))

test('pods say which digest they run, and a tag that nobody pushed ends in a back-off with the registry’s words', async () => {
  const { digest } = manifestOf('admin/honeydue-web', '12b2f9d')
  expect(podsOf('web').map((pod) => containerOf(pod)?.imageID)).toEqual(Array(3).fill(`gitea.treytartt.com/admin/honeydue-web@${digest}`))
  setImage('web', image('web', 'fffffff'))
  await expect.poll(() => waitingOf('web').map(({ reason }) => reason), { ...patient, interval: 5 }).toEqual(['ErrImagePull'])
  await expect.poll(() => waitingOf('web').map(({ reason }) => reason), patient).toEqual(['ImagePullBackOff'])
  expect(waitingOf('web')[0]?.message).toContain('honeydue-web:fffffff: not found')
  expect(eventsOf('Failed').join('\n')).toContain('Error: ErrImagePull')
})

test('a pull secret that is not accepted, and a registry that is away, are told in containerd’s words', async () => {
  sandbox().registry.push(image('web', 'bbbbbbb'))
  sandbox().registry.trouble = 'reset'
  setImage('web', image('web', 'bbbbbbb'))
  await expect
    .poll(
      () =>
        waitingOf('web')
          .map(({ message }) => message)
          .join(),
      patient,
    )
    .toContain('connection reset by peer')
  sandbox().registry.trouble = 'none'
  client().update({ group: '', resource: 'secrets' }, 'gitea-credentials', namespace, (draft) => {
    draft.data = { '.dockerconfigjson': Buffer.from('{}').toString('base64') }
  })
  setImage('admin', image('admin', 'bbbbbbb'))
  await expect
    .poll(
      () =>
        waitingOf('admin')
          .map(({ message }) => message)
          .join(),
      patient,
    )
    .toContain('401 Unauthorized')
})

test('a tag that is pushed anew is pulled by nodes that do not have it, and by those that are told to', async () => {
  const of = image('admin', 'aaaaaaa')
  const { registry } = sandbox()
  registry.push(of)
  setImage('admin', of)
  const ids = () => podsOf('admin').map((pod) => containerOf(pod)?.imageID)
  const before = (await registry.find(of))?.digest
  await expect.poll(ids, patient).toEqual([`gitea.treytartt.com/admin/honeydue-admin@${before}`])
  const node = String((podsOf('admin')[0]?.spec as { readonly nodeName?: string } | undefined)?.nodeName)
  registry.push(of)
  const after = (await registry.find(of))?.digest
  expect(after).not.toBe(before)
  const pinned = (more: Readonly<Record<string, unknown>>) =>
    client().create(
      workload({
        name: `admin-${'imagePullPolicy' in more ? 'always' : 'present'}`,
        image: of,
        pod: { nodeSelector: { 'kubernetes.io/hostname': node } },
        container: more,
      }),
    )
  pinned({})
  pinned({ imagePullPolicy: 'Always' })
  const idOf = (name: string) => containerOf(podsOf(name)[0])?.imageID
  await expect.poll(() => idOf('admin-present'), patient).toBe(`gitea.treytartt.com/admin/honeydue-admin@${before}`)
  await expect.poll(() => idOf('admin-always'), patient).toBe(`gitea.treytartt.com/admin/honeydue-admin@${after}`)
  // Gitea forgets what had the tag before, by its digest too.
  expect(await registry.find(`gitea.treytartt.com/admin/honeydue-admin@${before}`)).toBeUndefined()
})

test('an image of another platform ends with exec format error where it is plain, and is not pulled where it is an index', async () => {
  const { registry } = sandbox()
  registry.push(image('admin', 'aaaaaaa'), { platforms: ['linux/arm64'], plain: true })
  registry.push(image('web', 'aaaaaaa'), { platforms: ['linux/arm64'] })
  setImage('admin', image('admin', 'aaaaaaa'))
  setImage('web', image('web', 'aaaaaaa'))
  await expect.poll(() => waitingOf('admin').map(({ reason }) => reason), patient).toContain('CrashLoopBackOff')
  await expect
    .poll(
      () =>
        waitingOf('web')
          .map(({ message }) => message)
          .join(),
      patient,
    )
    .toContain('no match for platform in manifest')
})

test('a probe whose path answers 404 keeps the pod unready, and ends it after its last failure', async () => {
  const probe = { httpGet: { path: '/admin/', port: 3000 }, periodSeconds: 1, failureThreshold: 1 }
  change('admin', (container) => Object.assign(container, { readinessProbe: probe, startupProbe: probe }))
  await expect.poll(() => eventsOf('Unhealthy'), patient).toEqual(['Startup probe failed: HTTP probe failed with statuscode: 404'])
  await expect.poll(() => podsOf('admin').map((pod) => containerOf(pod)?.restartCount), patient).toContain(1)
  expect(eventsOf('Killing')).toContain('Container admin failed startup probe, will be restarted')
})

test('a database that is not there is told in the server’s words, and no pod is ready', async () => {
  client().update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) => {
    draft.data = { ...(draft.data as object), POSTGRES_DB: 'honeydue' }
  })
  change('worker', () => {})
  const answer = await sandbox().postgres.openApplicationConnections({
    host: hosts.direct,
    database: 'honeydue',
    application: 'x',
    count: 1,
  })
  expect(answer).toMatchObject({ reachable: false, refused: 'FATAL: database "honeydue" does not exist (SQLSTATE 3D000)' })
  await expect
    .poll(() => podsOf('worker').map((pod) => [(pod.status as Status).phase, containerOf(pod)?.ready]), patient)
    .toEqual([['Running', false]])
})

test('a node whose k3s is stopped is NotReady, and its pods are not', async () => {
  const { nodes } = sandbox()
  const { hostname, state } = nodes.node('hetzner2')
  const ready = () => {
    const node = client().get({ group: '', resource: 'nodes' }, hostname)
    const { conditions } = (node?.status ?? {}) as { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
    return conditions?.find(({ type }) => type === 'Ready')?.status
  }
  await expect.poll(ready, patient).toBe('True')
  state.write('services/k3s', 'inactive\n')
  await expect.poll(ready, patient).toBe('Unknown')
  state.write('services/k3s', 'active\n')
  await expect.poll(ready, patient).toBe('True')
})

test('an autoscaler is an object of the API', () => {
  client().create({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'api', namespace },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' }, minReplicas: 3, maxReplicas: 6 },
  })
  expect(client().list({ group: 'autoscaling', resource: 'horizontalpodautoscalers' }, { namespace })).toHaveLength(1)
})
