import type { Client, KubeObject } from '../types.ts'
import { tolerant } from './context.ts'
import { as, core, isOver, isReady, ownedBy, podsOf } from './objects.ts'

interface Service extends KubeObject {
  spec: { selector?: Record<string, string>; ports?: { name?: string; port: number; targetPort?: number | string; protocol?: string }[] }
}
const slices = { group: 'discovery.k8s.io', resource: 'endpointslices' }

/** The addresses behind a Service, as Endpoints and as an EndpointSlice. */
export function reconcileEndpoints(client: Client, name: string, namespace: string): void {
  const found = client.get(core('services'), name, namespace)
  if (!found) {
    client.delete(core('endpoints'), name, namespace)
    return
  }
  const service = as<Service>(found)
  const selector = Object.entries(service.spec.selector ?? {})
  if (selector.length === 0) return
  const behind = podsOf(client, namespace).filter(
    (pod) =>
      pod.status.podIP &&
      !isOver(pod) &&
      !pod.metadata.deletionTimestamp &&
      selector.every(([key, value]) => pod.metadata.labels?.[key] === value),
  )
  const address = (pod: (typeof behind)[number]) => ({
    ip: pod.status.podIP,
    nodeName: pod.spec.nodeName,
    targetRef: { kind: 'Pod', namespace, name: pod.metadata.name, uid: pod.metadata.uid },
  })
  const port = ({
    name: label,
    port: number,
    targetPort,
    protocol = 'TCP',
  }: {
    name?: string
    port: number
    targetPort?: number | string
    protocol?: string
  }) => {
    const named = behind
      .flatMap((pod) => pod.spec.containers.flatMap(({ ports = [] }) => ports))
      .find((one) => one.name === targetPort)?.containerPort
    return { ...(label ? { name: label } : {}), port: typeof targetPort === 'number' ? targetPort : (named ?? number), protocol }
  }
  const ports = (service.spec.ports ?? []).map(port)
  const ready = behind.filter(isReady)
  const waiting = behind.filter((pod) => !isReady(pod))
  const subsets =
    behind.length === 0
      ? undefined
      : [
          {
            ...(ready.length > 0 ? { addresses: ready.map(address) } : {}),
            ...(waiting.length > 0 ? { notReadyAddresses: waiting.map(address) } : {}),
            ports,
          },
        ]
  const labels = { ...service.metadata.labels }
  put(client, core('endpoints'), {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name, namespace, ...(Object.keys(labels).length > 0 ? { labels } : {}) },
    ...(subsets ? { subsets } : {}),
  })
  const endpoints = behind.map((pod) => ({
    addresses: [pod.status.podIP],
    conditions: { ready: isReady(pod), serving: isReady(pod), terminating: false },
    nodeName: pod.spec.nodeName,
    targetRef: { kind: 'Pod', namespace, name: pod.metadata.name, uid: pod.metadata.uid },
  }))
  const known = client.list(slices, { namespace, labels: { 'kubernetes.io/service-name': name } })[0]
  const metadata = {
    name: known?.metadata.name ?? '',
    generateName: `${name}-`,
    namespace,
    labels: { ...labels, 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io', 'kubernetes.io/service-name': name },
    ownerReferences: [ownedBy(service)],
  }
  put(client, slices, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata,
    addressType: 'IPv4',
    endpoints,
    ports: ports.map((one) => ({ name: '', ...one })),
  })
}

function put(client: Client, resource: { readonly group: string; readonly resource: string }, object: KubeObject): void {
  const { namespace, name } = object.metadata
  tolerant(() => {
    if (name === '' || !client.get(resource, name, namespace)) return client.create(object)
    return client.update(resource, name, namespace, (draft) => {
      const { metadata: _, ...rest } = object
      if (!('subsets' in rest)) delete draft['subsets']
      Object.assign(draft, rest)
    })
  })
}
