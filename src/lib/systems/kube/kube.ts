import { type Duplex, PassThrough } from 'node:stream'
import { Secret } from '../../environment/secret.ts'
import { Unreachable } from '../../plan/errors.ts'
import type { System } from '../systems.ts'
import { duplexPair } from './duplex-pair.ts'
import { type KubeClient, type KubeOptions, kubeClient } from './request.ts'
import type { KubeReader, KubeWriter, Node, Pod } from './types.ts'

/** The Kubernetes API of the environment's kubeconfig, reached at first use. */
export const kubeSystem = (options: KubeOptions): System<KubeReader, KubeWriter> => {
  const client = kubeClient(options)
  const open: Duplex[] = []
  const list = async <T>(path: string): Promise<readonly T[]> => (await client.get<{ items: readonly T[] }>(path))?.items ?? []
  const pods: KubeReader['pods'] = ({ namespace, labels } = {}) =>
    list<Pod>(`/api/v1/${namespace ? `namespaces/${namespace}/` : ''}pods${labels ? `?labelSelector=${encodeURIComponent(labels)}` : ''}`)
  const read: KubeReader = {
    cluster: client.cluster,
    nodes: () => list<Node>('/api/v1/nodes'),
    pods,
    configMap: async (namespace, name) =>
      (await client.get<{ data?: Record<string, string> }>(`/api/v1/namespaces/${namespace}/configmaps/${name}`))?.data,
    secret: async (namespace, name, key) => {
      const found = await client.get<{ data?: Record<string, string> }>(`/api/v1/namespaces/${namespace}/secrets/${name}`)
      const value = found?.data?.[key]
      return value === undefined ? undefined : new Secret(Buffer.from(value, 'base64').toString())
    },
    forward: async ({ namespace, deployment, port }) => {
      // The labels of the pods stand in no source: the live Deployment knows them.
      const owner = await client.get<{ spec: { selector: { matchLabels?: Record<string, string> } } }>(
        `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`,
      )
      const labels = Object.entries(owner?.spec.selector.matchLabels ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(',')
      if (!labels) {
        throw new Unreachable({
          code: 'kube-no-deployment',
          failed: `There is no Deployment ${namespace}/${deployment} to forward to`,
          next: `kubectl -n ${namespace} get deployments`,
        })
      }
      const found = await pods({ namespace, labels })
      const ready = found.find(({ status }) => status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'))
      if (!ready) {
        throw new Unreachable({
          code: 'kube-no-pod',
          failed: `No pod with ${labels} in ${namespace} is ready`,
          cause: found.length === 0 ? 'There is none' : `${found.length} are there, none ready`,
          next: `kubectl -n ${namespace} get pods -l ${labels}`,
        })
      }
      const stream = await forwardTo(client, namespace, ready.metadata.name, port)
      open.push(stream)
      return stream
    },
  }
  return {
    read,
    write: {},
    say: {},
    close: async () => {
      for (const stream of open) stream.destroy()
      client.close()
    },
  }
}

/** One connection to a pod's port; any word on the error channel and any end of the WebSocket end it. */
const forwardTo = async (client: KubeClient, namespace: string, pod: string, port: number): Promise<Duplex> => {
  const { PortForward } = await import('./client-node.ts')
  const [{ config }, server] = await Promise.all([client.config(), client.server()])
  const name = config.getCurrentCluster()?.name ?? ''
  const there = config.clusters.map((cluster) => (cluster.name === name ? { ...cluster, server } : cluster))
  config.clusters = there
  const [ours, theirs] = duplexPair()
  const errors = new PassThrough()
  const refused = (cause: string, error?: unknown) =>
    new Unreachable(
      {
        code: 'kube-forward',
        failed: `Port ${port} of pod ${namespace}/${pod} cannot be forwarded`,
        cause,
        next: `kubectl -n ${namespace} describe pod ${pod}`,
      },
      { cause: error },
    )
  errors.on('data', (chunk: Buffer) => ours.destroy(refused(chunk.toString().trim())))
  const socket = await new PortForward(config).portForward(namespace, pod, [port], theirs, errors, theirs).catch((error: unknown) => {
    throw refused(error instanceof Error ? error.message : 'the API server refused the WebSocket', error)
  })
  const ws = typeof socket === 'function' ? socket() : socket
  ws?.on('close', () => ours.destroy())
  ws?.on('error', (error: Error) => ours.destroy(refused(error.message, error)))
  ours.on('close', () => ws?.close())
  return ours
}
