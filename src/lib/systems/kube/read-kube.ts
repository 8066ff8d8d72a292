import type { Duplex } from 'node:stream'
import { seconds } from '../../clock.ts'
import { Secret } from '../../secret.ts'
import { applied } from './applied.ts'
import { deprecatedIn } from './deprecated.ts'
import { forwardToDeployment } from './forward.ts'
import { addedKinds, pathOf } from './kinds.ts'
import { kubeconfigState } from './kubeconfig-state.ts'
import { podsPerNode } from './pods-per-node.ts'
import { type KubeClient, type KubeOptions, kubeClient } from './request.ts'
import { rightsIn } from './rights.ts'
import { isOfKind } from './shape.ts'
import { keptSecretOf, type StoredSecret } from './stored-secret.ts'
import { openStream } from './stream.ts'
import { tlsSecretOf } from './tls-secret.ts'
import type { Kind, Kinds, KubeReader, LogRequest, Where } from './types.ts'

const selectors = ({ labels, fields }: Where, watch = false): string => {
  const query = new URLSearchParams({
    ...(watch && { watch: 'true' }),
    ...(labels !== undefined && { labelSelector: labels }),
    ...(fields !== undefined && { fieldSelector: fields }),
  })
  return query.size === 0 ? '' : `?${query}`
}

const logPath = ({ namespace, pod, container, tail, limit, previous, sinceSeconds, sinceTime }: LogRequest): string => {
  const query = new URLSearchParams({
    ...(container !== undefined && { container }),
    ...(tail !== undefined && { tailLines: String(tail) }),
    ...(limit !== undefined && { limitBytes: String(limit) }),
    ...(previous === true && { previous: 'true' }),
    ...(sinceSeconds !== undefined && { sinceSeconds: String(sinceSeconds) }),
    ...(sinceTime !== undefined && { sinceTime }),
  })
  return `${pathOf('Pod', namespace, pod)}/log?${query}`
}

const isSecret = (value: unknown): boolean => isOfKind('Secret', value)

/** The reading half: see `KubeReader`. `opened` is told of every stream that must be closed at the end. */
export const readKube = (client: KubeClient, options: KubeOptions, opened: (stream: Duplex) => void): KubeReader => {
  const { clock } = options
  const get = <K extends Kind>(kind: K, name: string, namespace?: string) =>
    client.get<Kinds[K]>(pathOf(kind, namespace, name), (one) => isOfKind(kind, one))
  const list = <K extends Kind>(kind: K, where: Where = {}): Promise<readonly Kinds[K][]> =>
    client.list<Kinds[K]>(pathOf(kind, where.namespace) + selectors(where), (one) => isOfKind(kind, one), addedKinds.has(kind))
  const pods: KubeReader['pods'] = (where) => list('Pod', where)
  return {
    cluster: client.cluster,
    credentials: async () => {
      const { path, context, server, certificate } = (await client.connected()).loaded
      return { kubeconfig: path, context, server, ...(certificate !== undefined && { certificate }) }
    },
    kubeconfigFile: () => kubeconfigState(options.kubeconfigs),
    accepted: async () => {
      const anew = kubeClient(options)
      try {
        return (await anew.status('/api')) !== 401
      } finally {
        anew.close()
      }
    },
    rights: (namespace) => rightsIn(client, namespace),
    get,
    list,
    nodes: () => list('Node'),
    requestedDeprecated: async () => deprecatedIn((await client.text('/metrics')) ?? ''),
    pods,
    podsPerNode: () => podsPerNode(client),
    configMap: async (namespace, name) => {
      const found = await get('ConfigMap', name, namespace)
      return found && (found.data ?? {})
    },
    secret: async (namespace, name, key) => {
      const found = await client.get<{ readonly data?: Readonly<Record<string, string>> }>(pathOf('Secret', namespace, name), isSecret)
      const value = found?.data?.[key]
      return value === undefined ? undefined : new Secret(Buffer.from(value, 'base64').toString())
    },
    secretValues: async (namespace, name) => {
      const found = await client.get<{ readonly data?: Readonly<Record<string, string>> }>(pathOf('Secret', namespace, name), isSecret)
      return Object.values(found?.data ?? {}).map((value) => new Secret(Buffer.from(value, 'base64').toString()))
    },
    secrets: async (namespace) => (await client.list<StoredSecret>(pathOf('Secret', namespace), isSecret)).map(keptSecretOf),
    tlsSecrets: async () => {
      const found = await client.list<StoredSecret>(`${pathOf('Secret')}${selectors({ fields: 'type=kubernetes.io/tls' })}`, isSecret)
      return found.map(tlsSecretOf)
    },
    log: async (request) => {
      const text = await client.text(logPath(request))
      return text ? text.replace(/\n$/, '').split('\n') : []
    },
    streamLog: ({ follow, signal, ...request }) =>
      openStream(client, `${logPath(request)}&timestamps=true${follow ? '&follow=true' : ''}`, signal),
    watch: async (kind, where, changed, signal) => {
      const stream = await openStream(client, pathOf(kind, where.namespace) + selectors(where, true), signal)
      // An event a line: what it says is read anew by whoever is told.
      for await (const chunk of stream) if (String(chunk).includes('\n')) changed()
    },
    gone: async (where, within) => {
      const end = clock.now().getTime() + within
      for (let pause = 50; ; pause = Math.min(pause * 2, seconds(1))) {
        if ((await pods(where)).length === 0) return true
        if (clock.now().getTime() + pause > end) return false
        await clock.sleep(pause)
      }
    },
    applied: (manifest, namespace) => applied(client, manifest, namespace),
    forward: async (target) => {
      const stream = await forwardToDeployment(client, { get, pods }, target)
      opened(stream)
      return stream
    },
  }
}
