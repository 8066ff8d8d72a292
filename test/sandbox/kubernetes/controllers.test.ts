import { type AddressInfo, createServer } from 'node:net'
import { PassThrough } from 'node:stream'
import { CoreV1Api, Exec, KubeConfig, PortForward } from '@kubernetes/client-node'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { kubeconfig } from '../../../src/lib/sandbox/kubeconfig.ts'
import { templateHash } from '../../../src/lib/sandbox/kubernetes/controllers/template-hash.ts'
import { startKubernetes } from '../../../src/lib/sandbox/kubernetes/kubernetes.ts'
import type { KubeObject, KubernetesSandbox } from '../../../src/lib/sandbox/kubernetes/types.ts'

const pods = { group: '', resource: 'pods' }
const deployments = { group: 'apps', resource: 'deployments' }
const echo = createServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket))
let down = ''
let cluster: KubernetesSandbox
let config: KubeConfig
let settled: unknown

const deployment = (name: string, extra: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'registry.test/x:1', ...extra }] } },
  },
})
const field = (object: KubeObject | undefined, ...path: string[]): unknown =>
  path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], object)
const until = async (holds: () => boolean): Promise<void> => {
  for (let i = 0; i < 400 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 25))
  expect(holds()).toBe(true)
}
const podsOf = (app: string) => cluster.client.list(pods, { namespace: 'default', labels: { app } })

beforeAll(async () => {
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  const authority = createAuthority('kubernetes')
  cluster = await startKubernetes({
    authority,
    speed: { ready: 30, terminate: 30, jobComplete: 30, nodeGrace: 200 },
    nodes: ['one', 'two'].map((name) => ({ name, address: '127.0.0.1', up: () => down !== name })),
    workloads: {
      reach: (_, port) => (port === 6379 ? { host: '127.0.0.1', port: (echo.address() as AddressInfo).port } : undefined),
      program: (pod) =>
        pod.metadata.labels?.['app'] !== 'program'
          ? undefined
          : async (run) => {
              run.log(`with ${run.env['A']}`)
              run.ready(true)
              await new Promise<void>((resolve) => run.signal.addEventListener('abort', () => resolve()))
              return 0
            },
    },
  })
  cluster.settle([deployment('settled')])
  settled = cluster.snapshot()
  config = new KubeConfig()
  config.loadFromString(
    kubeconfig(
      { server: cluster.url, ca: authority.certificate },
      'admin',
      authority.issue({ commonName: 'admin', organizations: ['system:masters'] }),
    ),
  )
})
afterAll(async () => {
  await cluster.stop()
  echo.close()
})

it('hashes a template as the deployment controller of 1.34 does', () => {
  const container = {
    name: 'api',
    image: 'registry.test/api:1',
    ports: [{ containerPort: 8000, protocol: 'TCP' }],
    envFrom: [{ configMapRef: { name: 'settings' } }],
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
  }
  const spec = {
    containers: [container],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  }
  expect(templateHash({ metadata: { labels: { app: 'api' } }, spec })).toBe('566fd6c976')
})

it('settles a deployment at once', () => {
  expect(field(cluster.client.get(deployments, 'settled', 'default'), 'status')).toMatchObject({
    replicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
    updatedReplicas: 2,
  })
  expect(podsOf('settled').map((pod) => field(pod, 'status', 'phase'))).toEqual(['Running', 'Running'])
})

it('starts a program with the environment of that moment, and only when its ConfigMap exists', async () => {
  cluster.client.create(deployment('program', { envFrom: [{ configMapRef: { name: 'settings' } }] }))
  await until(() => podsOf('program').some((pod) => JSON.stringify(pod['status']).includes('CreateContainerConfigError')))
  cluster.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'default' }, data: { A: 'one' } })
  await until(() => field(cluster.client.get(deployments, 'program', 'default'), 'status', 'availableReplicas') === 2)
  const log = await config
    .makeApiClient(CoreV1Api)
    .readNamespacedPodLog({ name: podsOf('program')[0]?.metadata.name ?? '', namespace: 'default' })
  expect(log).toBe('with one\n')
})

it('runs commands with the exit code as cause', async () => {
  const name = podsOf('program')[0]?.metadata.name ?? ''
  const out = new PassThrough()
  const status = await new Promise(
    (resolve, reject) =>
      void new Exec(config).exec('default', name, 'main', ['sh', '-c', 'echo $A; exit 3'], out, null, null, false, resolve).catch(reject),
  )
  expect(status).toMatchObject({ status: 'Failure', details: { causes: [{ reason: 'ExitCode', message: '3' }] } })
  expect(String(out.read())).toBe('one\n')
})

it('forwards a port to where it leads', async () => {
  const name = podsOf('settled')[0]?.metadata.name ?? ''
  const input = new PassThrough()
  const output = new PassThrough()
  const socket = await new PortForward(config).portForward('default', name, [6379], output, null, input)
  input.write('hello')
  expect(String(await new Promise((resolve) => output.once('data', resolve)))).toBe('hello')
  if ('close' in socket) socket.close()
})

it('notices a node that is down, and its return', async () => {
  const ready = () =>
    JSON.stringify(field(cluster.client.get({ group: '', resource: 'nodes' }, 'two'), 'status', 'conditions')).includes('KubeletReady')
  await until(ready)
  down = 'two'
  await until(() => !ready())
  // They come with a write of their own.
  const taints = () => field(cluster.client.get({ group: '', resource: 'nodes' }, 'two'), 'spec', 'taints')
  await until(() => Array.isArray(taints()) && (taints() as readonly unknown[]).length === 2)
  down = ''
  await until(ready)
})

it('is as before after a restore, and goes on from there', async () => {
  cluster.restore(settled)
  expect(podsOf('program')).toHaveLength(0)
  cluster.client.update(deployments, 'settled', 'default', (draft) => Object.assign(draft['spec'] as object, { replicas: 3 }))
  await until(() => field(cluster.client.get(deployments, 'settled', 'default'), 'status', 'availableReplicas') === 3)
})
