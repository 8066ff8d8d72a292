import type { KubeObject, StoreEvent } from '../types.ts'
import type { Context } from './context.ts'
import type { Nodes } from './nodes.ts'
import {
  as,
  type Condition,
  core,
  isActive,
  isReady,
  type Pod,
  pods,
  podsOf,
  setStatus,
  stamp,
  type Taint,
  withCondition,
} from './objects.ts'
import { type Node, tolerations } from './scheduler.ts'

const source = { component: 'node-controller' }
const reported = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready']
const prefix = 'node.kubernetes.io/'
const both = (key: string): Taint[] => ['NoSchedule', 'NoExecute'].map((effect) => ({ key: `${prefix}${key}`, effect }))
const sameTaint = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect

/** The taints that a node's state brings with it. */
function taintsOf({ spec, status }: Node): readonly Taint[] {
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status
  return [
    ...(spec.unschedulable ? [{ key: `${prefix}unschedulable`, effect: 'NoSchedule' }] : []),
    ...(ready === 'False' ? both('not-ready') : ready === 'Unknown' ? both('unreachable') : []),
  ]
}

/** Taints nodes by their state, gives up those that are silent for the grace period, and deletes the pods that a taint drives out. */
export function createNodeLifecycle(context: Context, nodes: Nodes) {
  const { client, after, event, speed } = context
  const heard = new Map<string, number>()
  const tainted = new Map<string, number>()
  const orphaned = new Map<string, number>()

  const taint = (node: Node): void => {
    const wanted = taintsOf(node)
    const now = node.spec.taints ?? []
    const own = (one: Taint) => ['unschedulable', 'not-ready', 'unreachable'].some((key) => one.key === `${prefix}${key}`)
    const kept = now.filter((one) => !own(one) || wanted.some((other) => sameTaint(one, other)))
    const added = wanted.filter((one) => !now.some((other) => sameTaint(one, other)))
    if (kept.length === now.length && added.length === 0) return
    client.update(core('nodes'), node.metadata.name, undefined, (draft) => {
      const taints = [...kept, ...added.map((one) => ({ ...one, timeAdded: stamp() }))]
      const { spec } = as<Node>(draft)
      if (taints.length > 0) spec.taints = taints
      else delete spec.taints
    })
  }
  const on = (name: string): Pod[] => podsOf(client, undefined).filter((pod) => pod.spec.nodeName === name)
  const conditionOf = (pod: Pod, condition: Condition): void =>
    void client.update(
      pods,
      pod.metadata.name,
      pod.metadata.namespace,
      (draft) => {
        const { status } = as<Pod>(draft)
        status.conditions = withCondition(status.conditions, condition)
      },
      { subresource: 'status' },
    )
  const driveOut = (node: Node): void => {
    const { name } = node.metadata
    const driving = (node.spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
    const id = (one: Taint) => `${name} ${one.key}`
    for (const known of tainted.keys()) if (known.startsWith(`${name} `) && !driving.some((one) => id(one) === known)) tainted.delete(known)
    for (const one of driving) if (!tainted.has(id(one))) tainted.set(id(one), Date.now())
    for (const pod of driving.length > 0 ? on(name).filter(isActive) : []) {
      const ends = driving.map((one) => {
        const seconds = tolerations(pod.spec, one).map(({ tolerationSeconds }) => tolerationSeconds ?? Number.POSITIVE_INFINITY)
        return (tainted.get(id(one)) ?? 0) + (seconds.length === 0 ? 0 : (Math.min(...seconds) * 1000) / speed.faster)
      })
      if (Math.min(...ends) > Date.now()) continue
      event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${pod.metadata.namespace}/${pod.metadata.name}`, {
        component: 'taint-eviction-controller',
      })
      const message = 'Taint manager: deleting due to NoExecute taint'
      conditionOf(pod, { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager', message, lastProbeTime: null })
      client.delete(pods, pod.metadata.name, pod.metadata.namespace)
    }
  }
  const giveUp = (node: Node): void => {
    const { name } = node.metadata
    const conditions = reported.reduce((all: readonly Condition[] | undefined, type) => {
      const known = all?.some((condition) => condition.type === type)
      const [reason, message] = known
        ? ['NodeStatusUnknown', 'Kubelet stopped posting node status.']
        : ['NodeStatusNeverUpdated', 'Kubelet never posted node status.']
      return withCondition(all, { type, status: 'Unknown', reason, message })
    }, node.status.conditions)
    setStatus(client, core('nodes'), node, { ...node.status, conditions })
    event(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`, source)
    for (const pod of on(name).filter(isReady)) {
      conditionOf(pod, { type: 'Ready', status: 'False', lastProbeTime: null })
      event(pod, 'Warning', 'NodeNotReady', 'Node is not ready', source)
    }
  }
  /** The pods of a node that is no object any more, once that has been so for a while. */
  const collectOrphans = (): void => {
    const orphans = podsOf(client, undefined).filter(({ spec: { nodeName } }) => nodeName && !client.get(core('nodes'), nodeName))
    for (const uid of orphaned.keys()) if (!orphans.some(({ metadata }) => metadata.uid === uid)) orphaned.delete(uid)
    for (const { metadata } of orphans) {
      const { uid = '', name, namespace } = metadata
      const since = orphaned.get(uid) ?? Date.now()
      orphaned.set(uid, since)
      if (Date.now() - since >= speed.nodeGrace) client.delete(pods, name, namespace, { gracePeriodSeconds: 0 })
    }
  }
  const look = (): void => {
    collectOrphans()
    for (const found of client.list(core('nodes'))) {
      const node = as<Node>(found)
      const { name } = node.metadata
      if (!heard.has(name) || nodes.isUp(name)) heard.set(name, Date.now())
      const lost = node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'Unknown') ?? false
      if (!lost && node.status.conditions && Date.now() - (heard.get(name) ?? 0) >= speed.nodeGrace) giveUp(node)
      driveOut(node)
    }
    after(Math.min(1000, Math.max(20, speed.nodeGrace / 4)), look)
  }
  return {
    reconcile: (name: string): void => {
      const found = client.get(core('nodes'), name)
      if (!found) return
      taint(as<Node>(found))
      driveOut(as<Node>(client.get(core('nodes'), name) ?? found))
    },
    watch: look,
    /** Listens for what tells that the kubelet of a node that somebody else plays is alive: its lease, and what it reports. */
    seen: ({ type, object, old }: StoreEvent): void => {
      const { name } = object.metadata
      if (object.kind === 'Node' && type === 'ADDED')
        event(object, 'Normal', 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`, source)
      if (object.kind === 'Node' && type === 'DELETED') heard.delete(name)
      const beats = (one: KubeObject | undefined) =>
        as<Node>(one ?? object)
          .status.conditions?.map(({ lastHeartbeatTime }) => lastHeartbeatTime)
          .join()
      if (nodes.plays(name)) return
      if (object.kind === 'Lease' && object.metadata.namespace === 'kube-node-lease' && type !== 'DELETED') heard.set(name, Date.now())
      if (object.kind === 'Node' && type !== 'DELETED' && (!old || beats(old) !== beats(object))) heard.set(name, Date.now())
    },
    forget: (): void => {
      heard.clear()
      tainted.clear()
      orphaned.clear()
    },
  }
}
