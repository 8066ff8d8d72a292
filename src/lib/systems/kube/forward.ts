import { isIP } from 'node:net'
import { type Duplex, PassThrough } from 'node:stream'
import { Unreachable } from '../../errors.ts'
import { placeOf } from '../place.ts'
import { duplexPair } from './duplex-pair.ts'
import type { KubeClient, KubeOptions } from './request.ts'
import type { Deployment, KubeReader, Pod } from './types.ts'

/** A selector of what a Deployment's pods carry: their labels stand in no source, the live object knows them. */
const selectorOf = ({ spec }: Pick<Deployment, 'spec'>): string =>
  Object.entries(spec.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',')

const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true

/** One connection to a port of a ready pod of a Deployment. */
export const forwardToDeployment = async (
  client: KubeClient,
  read: Pick<KubeReader, 'get' | 'pods'>,
  { namespace, deployment, port }: Parameters<KubeReader['forward']>[0],
  hostaddr: KubeOptions['hostaddr'],
): Promise<Duplex> => {
  const owner = await read.get('Deployment', deployment, namespace)
  const labels = owner ? selectorOf(owner) : ''
  if (!labels) {
    throw new Unreachable({
      code: 'kube-no-deployment',
      failed: `There is no Deployment ${namespace}/${deployment} to forward to`,
      next: `kubectl -n ${namespace} get deployments`,
    })
  }
  const found = await read.pods({ namespace, labels })
  const ready = found.find(isReady)
  if (!ready) {
    throw new Unreachable({
      code: 'kube-no-pod',
      failed: `No pod with ${labels} in ${namespace} is ready`,
      cause: found.length === 0 ? 'There is none' : `${found.length} are there, none ready`,
      next: `kubectl -n ${namespace} get pods -l ${labels}`,
    })
  }
  return forwardTo(client, namespace, ready.metadata.name, port, hostaddr)
}

/** Any word on the error channel and any end of the WebSocket end the connection. */
const forwardTo = async (
  client: KubeClient,
  namespace: string,
  pod: string,
  port: number,
  hostaddr: KubeOptions['hostaddr'],
): Promise<Duplex> => {
  const { PortForward } = await import('./client-node.ts')
  const [config, server] = await Promise.all([client.config().then(({ library }) => library()), client.server()])
  const { hostname, port: serverPort } = new URL(server)
  const place = placeOf(hostname, Number(serverPort || 443), hostaddr)
  const name = config.getCurrentCluster()?.name ?? ''
  // An address is no server name in TLS: a cluster that is reached by one is verified by the place it lives at.
  const named = isIP(hostname) === 0 ? { tlsServerName: hostname } : {}
  config.clusters = config.clusters.map((cluster) =>
    cluster.name === name ? { ...named, ...cluster, server: `https://${place.host}:${place.port}` } : cluster,
  )
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
