import { connectTo } from '../kubelet/connect.ts'
import { createKubelet } from '../kubelet/kubelet.ts'
import { answerLog } from '../kubelet/log-request.ts'
import type { ControlPlane, ControlPlaneOptions, KubeObject, StoreEvent } from '../types.ts'
import { evict, reconcileBudget } from './budget.ts'
import { reconcileClaim } from './claims.ts'
import { createContext } from './context.ts'
import { reconcileCronJob } from './cron-job.ts'
import { reconcileDaemonSet } from './daemon-set.ts'
import { reconcileDeployment } from './deployment.ts'
import { reconcileEndpoints } from './endpoints.ts'
import { collect, finalizeOwner } from './garbage.ts'
import { reconcileJob } from './job.ts'
import { isTracked, untrack } from './job-tracking.ts'
import { reconcileNamespace } from './namespace.ts'
import { createNodeLifecycle } from './node-lifecycle.ts'
import { createNodes } from './nodes.ts'
import { as, budgets, core, daemonSets, deployments, jobs, ownerOf, type Pod, pods, replicaSets } from './objects.ts'
import { reconcileReplicaSet } from './replica-set.ts'
import { schedule } from './scheduler.ts'
import { createWorkQueue } from './work-queue.ts'

type Reconciler = (name: string, namespace: string | undefined, again: () => void) => void

/** Starts everything of a cluster that is not its API server: controllers, scheduler, kubelets, node lifecycle. */
export function startControllers({ client, authority, nodes: specs, workloads = {}, speed }: ControlPlaneOptions): ControlPlane {
  let settling = false
  const context = createContext(client, speed, () => settling)
  const nodes = createNodes(context, specs)
  const kubelet = createKubelet(context, nodes, workloads)
  const lifecycle = createNodeLifecycle(context, nodes)
  const queue = createWorkQueue()
  const by = new Map<string, Reconciler>([
    ['Deployment', (name, namespace, again) => reconcileDeployment(context, name, namespace, again)],
    ['ReplicaSet', (name, namespace, again) => reconcileReplicaSet(context, name, namespace, again)],
    ['Job', (name, namespace, again) => reconcileJob(context, name, namespace, again)],
    ['CronJob', (name, namespace) => reconcileCronJob(context, name, namespace)],
    ['DaemonSet', (name, namespace, again) => reconcileDaemonSet(context, name, namespace, again)],
    ['PodDisruptionBudget', (name, namespace) => reconcileBudget(client, name, namespace)],
    ['Service', (name, namespace = 'default') => reconcileEndpoints(client, name, namespace)],
    ['PersistentVolumeClaim', (name, namespace) => reconcileClaim(client, name, namespace)],
    ['Node', (name) => lifecycle.reconcile(name)],
    ['Namespace', (name) => reconcileNamespace(client, name, authority)],
    ['Pod', (name, namespace) => schedule(context, name, namespace)],
  ])
  const enqueue = (kind: string, name: string, namespace?: string): void => {
    const run = by.get(kind)
    if (run) queue.add(`${kind}/${namespace ?? ''}/${name}`, () => run(name, namespace, () => enqueue(kind, name, namespace)))
  }
  const all = (kind: string, resource: { readonly group: string; readonly resource: string }, namespace?: string) => {
    for (const { metadata } of client.list(resource, namespace === undefined ? {} : { namespace }))
      enqueue(kind, metadata.name, metadata.namespace)
  }
  const pending = () => {
    for (const pod of client.list(pods)) if (!as<Pod>(pod).spec.nodeName) enqueue('Pod', pod.metadata.name, pod.metadata.namespace)
  }
  const podChanged = (pod: Pod, type: StoreEvent['type']): void => {
    const { name, namespace } = pod.metadata
    const owner = ownerOf(pod)
    if (owner) enqueue(owner.kind, owner.name, namespace)
    else if (type !== 'DELETED' && isTracked(pod)) queue.add(`Untrack/${pod.metadata.uid}`, () => untrack(client, pod))
    all('PodDisruptionBudget', budgets, namespace)
    all('Service', core('services'), namespace)
    if (type === 'DELETED') {
      all('Deployment', deployments, namespace)
      for (const { persistentVolumeClaim } of pod.spec.volumes ?? [])
        if (persistentVolumeClaim) enqueue('PersistentVolumeClaim', persistentVolumeClaim.claimName, namespace)
    } else if (!pod.spec.nodeName) enqueue('Pod', name, namespace)
    if (type === 'DELETED') kubelet.gone(pod)
    else if (pod.spec.nodeName) queue.add(`Kubelet/${namespace}/${name}`, () => kubelet.sync(name, namespace))
  }
  const nodeChanged = (): void => {
    all('DaemonSet', daemonSets)
    pending()
  }
  const changed = ({ object, old }: StoreEvent): void => {
    const { kind, metadata } = object
    const later = kind === 'Deployment' && old !== undefined && old.metadata.generation !== metadata.generation && !settling
    if (later) context.after(speed.observe, () => enqueue(kind, metadata.name, metadata.namespace))
    else enqueue(kind, metadata.name, metadata.namespace)
  }
  const seen = (event: StoreEvent): void => {
    const { type, object, resource } = event
    const { kind, metadata } = object
    if (type === 'DELETED') {
      if (metadata.namespace) queueIfEnding(metadata.namespace)
      queue.add(`Gone/${metadata.uid}`, () => collect(client, object))
      for (const owner of metadata.ownerReferences ?? []) finalizing(owner.kind, owner.name, metadata.namespace)
      if (kind === 'Service') enqueue(kind, metadata.name, metadata.namespace)
      if ((kind === 'ServiceAccount' || kind === 'ConfigMap') && metadata.namespace) enqueue('Namespace', metadata.namespace)
    } else if (kind !== 'Pod') changed(event)
    if (
      type !== 'DELETED' &&
      metadata.deletionTimestamp &&
      metadata.finalizers?.some((one) => one === 'orphan' || one === 'foregroundDeletion')
    ) {
      queue.add(`Finalize/${metadata.uid}`, () => {
        const now = client.get(resource, metadata.name, metadata.namespace)
        if (now) finalizeOwner(client, resource, now)
      })
    }
    if (kind === 'Pod') {
      podChanged(as<Pod>(object), type)
      for (const { persistentVolumeClaim } of as<Pod>(object).spec.volumes ?? [])
        if (persistentVolumeClaim) enqueue('PersistentVolumeClaim', persistentVolumeClaim.claimName, metadata.namespace)
    }
    if (kind === 'Node') nodeChanged()
    lifecycle.seen(event)
    if (kind === 'ReplicaSet') {
      const owner = ownerOf(object)
      if (owner) enqueue('Deployment', owner.name, metadata.namespace)
      all('PodDisruptionBudget', budgets, metadata.namespace)
    }
    if (kind === 'Job') {
      const owner = ownerOf(object)
      if (owner?.kind === 'CronJob') enqueue('CronJob', owner.name, metadata.namespace)
    }
    if (kind === 'ConfigMap' || kind === 'Secret') kubelet.configurationChanged(metadata.namespace)
  }
  const ownerResources: Readonly<Record<string, { readonly group: string; readonly resource: string }>> = {
    ReplicaSet: replicaSets,
    Deployment: deployments,
    Job: jobs,
    DaemonSet: daemonSets,
  }
  const finalizing = (kind: string, name: string, namespace: string | undefined): void => {
    const resource = ownerResources[kind]
    if (!resource) return
    queue.add(`Finalize/${kind}/${namespace}/${name}`, () => {
      const owner = client.get(resource, name, namespace)
      if (owner?.metadata.deletionTimestamp) finalizeOwner(client, resource, owner)
    })
  }
  const queueIfEnding = (namespace: string): void => {
    if (client.get(core('namespaces'), namespace)?.metadata.deletionTimestamp) enqueue('Namespace', namespace)
  }
  const everything = (): void => {
    all('Namespace', core('namespaces'))
    all('Node', core('nodes'))
    all('DaemonSet', daemonSets)
    all('Deployment', deployments)
    all('ReplicaSet', replicaSets)
    all('Job', jobs)
    all('PersistentVolumeClaim', core('persistentvolumeclaims'))
    pending()
    for (const pod of client.list(pods))
      queue.add(`Kubelet/${pod.metadata.namespace}/${pod.metadata.name}`, () => kubelet.sync(pod.metadata.name, pod.metadata.namespace))
    all('Service', core('services'))
    all('PodDisruptionBudget', budgets)
  }
  const eachOn = (act: (pod: KubeObject) => void) => (node: string) => {
    for (const pod of client.list(pods))
      if (as<Pod>(pod).spec.nodeName === node) queue.add(`Kubelet/${pod.metadata.namespace}/${pod.metadata.name}`, () => act(pod))
  }
  const begin = (): void => {
    queue.add('start', () => {
      nodes.register()
      everything()
      nodes.watch(eachOn(kubelet.returned), eachOn(kubelet.rebooted))
      lifecycle.watch()
    })
  }
  const unwatch = client.watch(seen)
  begin()
  const clear = (): void => {
    queue.clear()
    context.clear()
    kubelet.clear()
    nodes.forget()
    lifecycle.forget()
  }
  return {
    log: (request, response) => answerLog(kubelet, nodes, request, response),
    connect: (subresource, request, upgrade) => connectTo(kubelet, workloads, subresource, request, upgrade),
    evict: (pod: KubeObject, eviction, options) => evict(client, pod, eviction, options),
    settle: () => {
      settling = true
      try {
        nodes.register()
        everything()
        queue.drain(['Namespace', 'Node/', 'Pod/', 'Kubelet', 'ReplicaSet', 'DaemonSet', 'Job', 'Deployment'])
      } finally {
        settling = false
      }
      kubelet.resume()
    },
    halt: clear,
    reset: () => {
      clear()
      // The store is replaced when this returns: what is in it then is picked up in the next turn.
      begin()
    },
    stop: () => {
      unwatch()
      clear()
      queue.stop()
    },
  }
}
