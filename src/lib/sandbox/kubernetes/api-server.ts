import { randomUUID } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { defaultAccess } from './access/rbac.ts'
import type { User } from './access/user.ts'
import { createClient } from './client.ts'
import { createRegistry } from './registry.ts'
import { resourceOf } from './resources.ts'
import { copy, type Json } from './schema/json.ts'
import { admit } from './serving/admit.ts'
import type { Serving } from './serving/call.ts'
import { createFaults } from './serving/faults.ts'
import { handle } from './serving/handler.ts'
import { answerError } from './serving/responses.ts'
import { methodNotAllowed, noSuchResource, StatusError } from './status.ts'
import { createStore, type Snapshot } from './store.ts'
import type { ControlPlane, ControlPlaneOptions, KubeObject, KubernetesSandbox, NodeSpec, Speed, Workloads } from './types.ts'

export interface KubernetesOptions {
  /** Signs the server's certificate, and the clients' whom the server believes. */
  readonly authority: {
    readonly certificate: string
    issue(request: {
      readonly commonName: string
      readonly organizations?: readonly string[]
      readonly names?: readonly string[]
      readonly addresses?: readonly string[]
    }): { readonly certificate: string; readonly key: string }
  }
  readonly nodes: readonly NodeSpec[]
  readonly workloads?: Workloads
  readonly speed?: Partial<Speed>
  /** Bearer tokens and whom they are of, as `--token-auth-file` has them. */
  readonly tokens?: Readonly<Record<string, User>>
  /** 0 (by default) chooses a free port. */
  readonly port?: number
  /** Whether it has what it needs; without it, always. */
  readonly etcd?: () => 'serves' | 'no quorum' | 'none'
}

/** What it answers to everything: etcd's own words without a quorum, and nothing where k3s runs nowhere. */
const withoutEtcd = {
  serves: undefined,
  'no quorum': { status: 500, reason: 'InternalError', message: 'etcdserver: request timed out' },
  none: 'reset',
} as const

const defaultSpeed: Speed = { ready: 500, terminate: 300, jobComplete: 2000, nodeGrace: 40_000, observe: 25, faster: 1 }
const timeAt = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`
const now = () => timeAt(Date.now())
/** How long what is settled has been there, unless it is said: a little longer than its pods have run. */
const settledAge = 3_610_000
const servicesNetwork = '10.43'

/** Starts an API server on loopback, and on top of it whatever `start` brings: the controllers, or nothing in tests of the server alone. */
export async function startApiServer(
  options: KubernetesOptions,
  start: (options: ControlPlaneOptions) => ControlPlane,
): Promise<KubernetesSandbox> {
  const store = createStore()
  const clusterIP = () => {
    const taken = new Set(
      store.list({ group: '', resource: 'services' }).map((service) => (service['spec'] as Json | undefined)?.['clusterIP']),
    )
    for (let at = 10; at < 65_000; at++) {
      const address = `${servicesNetwork}.${at >> 8}.${at & 255}`
      if (!taken.has(address)) return address
    }
    throw new StatusError(500, 'InternalError', 'Internal error occurred: failed to allocate a serviceIP: range is full', {})
  }
  let past: string | undefined
  const registry = createRegistry(store, { now: () => past ?? now(), uid: randomUUID, clusterIP })
  const client = createClient(store, registry)
  const create = (object: KubeObject, manager = 'kube-apiserver') => {
    const resource = resourceOf(object.apiVersion, object.kind)
    if (!resource) throw noSuchResource()
    const known = store.get(resource, resource.namespaced ? (object.metadata.namespace ?? 'default') : undefined, object.metadata.name)
    return known ?? client.create(object, { manager })
  }
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease'])
    create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  for (const object of defaultAccess) create(object)
  create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: { clusterIP: `${servicesNetwork}.0.1`, ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }] },
  })

  const addresses = options.nodes.map(({ address }) => address)
  const home = { name: 'kubernetes', namespace: 'default' }
  create({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...home, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports: [{ name: 'https', port: 6443, protocol: 'TCP' }] }],
  })
  create({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...home, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
  })

  const controlPlane: ControlPlane = start({
    client,
    authority: options.authority.certificate,
    nodes: options.nodes,
    speed: { ...defaultSpeed, ...options.speed },
    ...(options.workloads ? { workloads: options.workloads } : {}),
  })
  const identity = options.authority.issue({
    commonName: 'kube-apiserver',
    names: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
    addresses: ['127.0.0.1', ...options.nodes.map(({ address }) => address)],
  })
  const faults = createFaults(() => withoutEtcd[options.etcd?.() ?? 'serves'])
  let port = 0
  const serving: Serving = {
    tokens: options.tokens ?? {},
    store,
    registry,
    controlPlane: () => controlPlane,
    now,
    address: () => `127.0.0.1:${port}`,
  }
  const server = createServer({
    cert: identity.certificate,
    key: identity.key,
    ca: options.authority.certificate,
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
    maxHeaderSize: 64 * 1024,
  })
  // Watches and follows stay open for long.
  server.requestTimeout = 0
  const sockets = new Set<Socket>()
  server.on('secureConnection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  server.on('tlsClientError', (_, socket) => socket.destroy())
  server.on('clientError', (_, socket) => void (socket as Duplex).destroy())
  server.on('request', (request, response) => {
    response.on('error', () => response.destroy())
    faults
      .meet(request, response)
      .then((met) => (met ? undefined : handle(serving, request, response)))
      .catch((error: unknown) => answerError(response, error))
  })
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    faults
      .meet(request, undefined)
      .then(async (met) => {
        if (met) return
        const { info } = admit(serving, request)
        const kind = info.subresource
        if (info.resource?.kind !== 'Pod' || (kind !== 'exec' && kind !== 'attach' && kind !== 'portforward')) throw noSuchResource()
        if (request.method !== 'GET' && request.method !== 'POST') throw methodNotAllowed()
        const pod = registry.get(info.resource, info.namespace, info.name ?? '')
        await controlPlane.connect(kind, { pod, query: info.query }, { request, socket, head })
      })
      .catch((error: unknown) => refuseUpgrade(socket, error))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  port = (server.address() as AddressInfo).port

  return {
    url: `https://127.0.0.1:${port}`,
    port,
    client,
    settle: (objects, { manager = 'kubectl', at = timeAt(Date.now() - settledAge) } = {}) => {
      past = at
      const homes = new Set(
        objects.flatMap(({ metadata, apiVersion, kind }) =>
          resourceOf(apiVersion, kind)?.namespaced ? [metadata.namespace ?? 'default'] : [],
        ),
      )
      for (const object of objects) if (object.kind === 'Namespace') create(copy(object), manager)
      for (const name of homes) create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
      for (const object of objects) if (object.kind !== 'Namespace') create(copy(object), manager)
      controlPlane.settle()
      past = undefined
    },
    snapshot: () => store.snapshot(),
    halt: () => controlPlane.halt(),
    restore: (snapshot) => {
      faults.clear()
      controlPlane.reset()
      store.restore(snapshot as Snapshot)
    },
    goBack: (snapshot) => {
      controlPlane.reset()
      store.restore(snapshot as Snapshot)
    },
    fail: (fault) => faults.add(fault),
    stop: async () => {
      faults.clear()
      await controlPlane.stop()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Refuses a WebSocket before it is one: the status as a plain answer. */
function refuseUpgrade(socket: Duplex, error: unknown): void {
  const failure =
    error instanceof StatusError
      ? error
      : new StatusError(500, 'InternalError', `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`, {})
  const body = `${JSON.stringify(failure.body())}\n`
  if (socket.destroyed) return
  socket.end(
    `HTTP/1.1 ${failure.code} ${failure.reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
