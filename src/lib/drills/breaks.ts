import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { Client } from 'pg'
import { parse } from 'yaml'
import { systemClock } from '../clock.ts'
import { image, namespace } from '../sandbox/deployment/facts.ts'
import type { TraefikFault } from '../sandbox/edge/traefik.ts'
import { kubeconfig } from '../sandbox/kubeconfig.ts'
import type { KubeObject } from '../sandbox/kubernetes/types.ts'
import { whatLasts } from '../sandbox/lasting.ts'
import { k3sFiles, k3sServing } from '../sandbox/nodes/k3s-files.ts'
import type { RedisSandbox } from '../sandbox/redis/redis.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { World } from './drill.ts'

/** A container of a pod template, as far as drills change one. */
export interface Container {
  image: string
  readinessProbe?: { readonly httpGet?: { path: string } }
}

interface DeploymentSpec {
  replicas: number
  paused?: boolean
  readonly template: { readonly spec: { readonly containers: Container[] } }
}

/** Changes a Deployment of the application, as somebody with kubectl does. */
export const edit = ({ sandbox }: World, name: string, change: (spec: DeploymentSpec) => void): void =>
  void sandbox.kubernetes.client.update({ group: 'apps', resource: 'deployments' }, name, namespace, (draft) =>
    change(draft.spec as DeploymentSpec),
  )

/** Changes its only container. */
export const editContainer = (world: World, name: string, change: (container: Container) => void): void =>
  edit(world, name, ({ template }) => template.spec.containers.forEach(change))

/** One of these. */
export const oneOf = <T>({ random }: World, all: readonly T[]): T => all[Math.floor(random() * all.length)] as T

/** Puts a pair into the origin's Secret. */
export const putPair = ({ kubernetes }: Sandbox, { certificate, key }: { readonly certificate: string; readonly key: string }): void =>
  void kubernetes.client.update({ group: '', resource: 'secrets' }, 'cloudflare-origin-cert', namespace, (draft) => {
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    draft.data = { 'tls.crt': base64(certificate), 'tls.key': base64(key) }
  })

/** When the certificate in the origin's Secret ends. */
export const endOfPair = ({ kubernetes }: Sandbox): Date => {
  const secret = kubernetes.client.get({ group: '', resource: 'secrets' }, 'cloudflare-origin-cert', namespace)
  const data = (secret as (KubeObject & { readonly data?: Readonly<Record<string, string>> }) | undefined)?.data
  return new Date(new X509Certificate(Buffer.from(data?.['tls.crt'] ?? '', 'base64')).validTo)
}

/** Ids of a state of the queue `default`. */
export const idsOf = (redis: Pick<RedisSandbox, 'store'>, state: string): readonly string[] => {
  const value = redis.store.get(`asynq:{default}:${state}`)
  return value?.type === 'list' ? value.items : value?.type === 'zset' ? [...value.scores.keys()] : []
}

/** What a start with AutoMigrate through the pooler leaves when its pod is killed: the lock stays with the server connection. */
export const strandLock = async ({ postgres }: Sandbox): Promise<void> => {
  const { port, user, database, password, ca, poolerHost } = postgres
  const ssl = { ca, servername: poolerHost }
  const pod = new Client({ host: '127.0.0.1', port, user, database, password, application_name: 'honeydue-api', ssl })
  await pod.connect()
  await pod.query('SELECT pg_advisory_lock(4711)')
  await pod.end()
}

/** What k3s has on these nodes, and what they serve at 6443, ends in so many days. */
export const ageK3s = ({ nodes }: Sandbox, days: number, aliases = nodes.nodes.map(({ alias }) => alias)): void => {
  const { authority, k3s } = whatLasts()
  const notBefore = new Date(Date.now() - (365 - days) * 86_400_000)
  notBefore.setUTCHours(0, 0, 0, 0)
  const admin = authority.issue({ commonName: 'system:admin', organizations: ['system:masters'], notBefore })
  for (const alias of aliases) {
    const { put, state } = nodes.node(alias)
    for (const [file, content] of Object.entries(k3sFiles(k3s, admin, authority.certificate, notBefore))) put(file, content)
    state.write('k3s-serving', k3sServing(k3s, notBefore))
  }
}

/** Every pod of a workload starts anew, as `kubectl rollout restart` has it. */
export const restart = ({ kubernetes }: Sandbox, name: string): void =>
  void kubernetes.client.update(
    { group: 'apps', resource: 'deployments' },
    name,
    namespace,
    (draft) => {
      const { template } = draft['spec'] as { readonly template: { readonly metadata: { annotations?: Record<string, string> } } }
      template.metadata.annotations = {
        ...template.metadata.annotations,
        'kubectl.kubernetes.io/restartedAt': new Date().toISOString(),
      }
    },
    { manager: 'kubectl-rollout' },
  )

interface Counts {
  readonly replicas?: number
  readonly readyReplicas?: number
  readonly updatedReplicas?: number
  readonly observedGeneration?: number
  readonly paused?: boolean
}

/** Nothing of it rolls, and nobody stopped it. */
export const isSteady = ({ kubernetes }: Sandbox, name: string): boolean => {
  const found = kubernetes.client.get({ group: 'apps', resource: 'deployments' }, name, namespace)
  const { replicas, paused = false } = (found?.['spec'] ?? {}) as Counts
  const status = (found?.['status'] ?? {}) as Counts
  const seen = status.observedGeneration === found?.metadata.generation
  return seen && !paused && [status.replicas, status.readyReplicas, status.updatedReplicas].every((count) => count === replicas)
}

/** Restarts these, and waits until every pod is a new one; not for ever. */
export const restarted = async (sandbox: Sandbox, names: readonly string[]): Promise<void> => {
  for (const name of names) restart(sandbox, name)
  for (let waited = 0; waited < 20_000 && !names.every((name) => isSteady(sandbox, name)); waited += 50) await systemClock.sleep(50)
}

const configMap = [{ group: '', resource: 'configmaps' }, 'honeydue-config', namespace] as const

/** What the ConfigMap has. */
export const configOf = ({ kubernetes }: Sandbox): Readonly<Record<string, string>> =>
  (kubernetes.client.get(...configMap)?.['data'] ?? {}) as Readonly<Record<string, string>>

/** Changes keys of the ConfigMap, as somebody with kubectl does. */
export const putConfig = ({ kubernetes }: Sandbox, keys: Readonly<Record<string, string>>): void =>
  void kubernetes.client.update(...configMap, (draft) => {
    draft['data'] = { ...(draft['data'] as Readonly<Record<string, string>>), ...keys }
  })

/** Pods of api that a kubelet evicted for want of disk; returns their uids. */
export const evictedPods = ({ kubernetes: { client } }: Sandbox, count: number, node = 'elsewhere'): readonly string[] => {
  const pods = { group: '', resource: 'pods' }
  const [set] = client
    .list({ group: 'apps', resource: 'replicasets' }, { namespace })
    .filter(({ metadata }) => metadata.name.startsWith('api-'))
  const { name = '', uid = '' } = set?.metadata ?? {}
  const { template } = (set?.['spec'] ?? {}) as {
    readonly template?: { readonly metadata?: { readonly labels?: Record<string, string> } }
  }
  return Array.from({ length: count }, (_, at) => {
    const pod = `api-evicted-${at + 1}`
    client.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: pod,
        namespace,
        labels: template?.metadata?.labels ?? {},
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid }],
      },
      spec: { nodeName: node, containers: [{ name: 'api', image: image('api') }] },
    })
    const status = { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: ephemeral-storage.' }
    client.update(pods, pod, namespace, (draft) => Object.assign(draft, { status }), { subresource: 'status' })
    return client.get(pods, pod, namespace)?.metadata.uid ?? ''
  })
}

/** How many pods lie about that were evicted. */
export const evictedLeft = ({ kubernetes }: Sandbox): number =>
  kubernetes.client
    .list({ group: '', resource: 'pods' }, { namespace })
    .filter(({ status }) => (status as { readonly reason?: string } | undefined)?.reason === 'Evicted').length

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: { readonly server: string } }[]
  readonly users: readonly { readonly user: { readonly 'client-certificate-data': string } }[]
}

/** What the operator's kubeconfig holds. */
export const kubeconfigOf = ({ environment }: Sandbox) => {
  const file = environment.kubeconfig[0] ?? ''
  const { clusters, users } = parse(readFileSync(file, 'utf8')) as Kubeconfig
  const certificate = Buffer.from(users[0]?.user['client-certificate-data'] ?? '', 'base64').toString()
  return { file, server: clusters[0]?.cluster.server ?? '', certificate, ends: new Date(new X509Certificate(certificate).validTo) }
}

/** Gives the operator's kubeconfig a certificate of a year that began so many days ago; returns its PEM. */
export const ageKubeconfig = (sandbox: Sandbox, days: number): string => {
  const { file, server } = kubeconfigOf(sandbox)
  const { authority } = whatLasts()
  const notBefore = new Date(Date.now() - days * 86_400_000)
  const aged = authority.issue({ commonName: 'system:admin', organizations: ['system:masters'], notBefore, days: 365 })
  writeFileSync(file, kubeconfig({ server, ca: authority.certificate }, 'admin', aged), { mode: 0o600 })
  return aged.certificate
}

/** One node's Traefik is wrong until a new pod of it starts there. */
export const untilTraefikRestarts = ({ sandbox, signal }: World, alias: string, fault: TraefikFault): void => {
  const { kubernetes, edge, nodes } = sandbox
  const { hostname } = nodes.node(alias)
  const isIts = ({ metadata, spec }: KubeObject) =>
    metadata.name.startsWith('traefik-') && (spec as { readonly nodeName?: string } | undefined)?.nodeName === hostname
  const old = kubernetes.client.list({ group: '', resource: 'pods' }, { namespace: 'kube-system' }).filter(isIts)
  edge.traefik(alias).fail(fault)
  const unwatch = kubernetes.client.watch(({ resource, object }) => {
    if (resource.resource !== 'pods' || !isIts(object) || old.some(({ metadata }) => metadata.uid === object.metadata.uid)) return
    edge.traefik(alias).fail(undefined)
    unwatch()
  })
  signal.addEventListener('abort', unwatch, { once: true })
}

/** One value of a Secret. */
export const secretValue = ({ kubernetes }: Sandbox, name: string, key: string): string => {
  const data = kubernetes.client.get({ group: '', resource: 'secrets' }, name, namespace)?.['data'] as
    | Readonly<Record<string, string>>
    | undefined
  return Buffer.from(data?.[key] ?? '', 'base64').toString()
}

/** Writes one value of a Secret, as somebody with kubectl does. */
export const putSecret = ({ kubernetes }: Sandbox, name: string, key: string, value: string): void =>
  void kubernetes.client.update({ group: '', resource: 'secrets' }, name, namespace, (draft) => {
    draft['data'] = { ...(draft['data'] as Readonly<Record<string, string>>), [key]: Buffer.from(value).toString('base64') }
  })

const arriving = new WeakMap<Sandbox, () => void>()

/** As soon as the cluster has let go of it, another machine joins in its place: somebody has provisioned it, and put its host key into known_hosts. */
export const anotherJoins = (sandbox: Sandbox, alias: string, address?: string): void => {
  const { nodes, kubernetes } = sandbox
  const { hostname, address: known } = nodes.node(alias)
  arriving.get(sandbox)?.()
  const stop = kubernetes.client.watch(({ type, object }) => {
    if (type !== 'DELETED' || object.kind !== 'Node' || object.metadata.name !== hostname) return
    stop()
    void nodes.succeed(alias, address).then(() => {
      const others = readFileSync(nodes.knownHostsFile, 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith(`${known} `))
      writeFileSync(nodes.knownHostsFile, [...others, `${known} ${nodes.node(alias).hostKey}`, ''].join('\n'))
    })
  })
  arriving.set(sandbox, stop)
}
