import { isJson, type Json } from '../../schema/json.ts'
import type { KubeObject } from '../../types.ts'
import { age, type Column, column, count, list, name, object, orNone, spec, status, text, wide } from './column.ts'

const podIP = 'podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.'
const nodeName =
  'NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate for scheduling by the scheduler defined in schedulerName. Once this field is set, the kubelet for this node becomes responsible for the lifecycle of this pod. This field should not be used to express a desire for the pod to be scheduled on a specific node. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename'
const nominated =
  'nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away as preemption victims receive their graceful termination periods. This field does not guarantee that the pod will be scheduled on this node. Scheduler may decide to place the pod elsewhere if other nodes become available sooner. Scheduler may also decide to give the resources on this node to a higher priority pod that is created after preemption. As a result, this field may be different than PodSpec.nodeName when the pod is scheduled.'
const gates =
  'If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all its containers are ready AND all conditions specified in the readiness gates have status equal to "True" More info: https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates'

const isTrue = (o: KubeObject, type: string) =>
  list(status(o)['conditions']).some((condition) => condition['type'] === type && condition['status'] === 'True')
const sidecars = (o: KubeObject) =>
  new Set(
    list(spec(o)['initContainers'])
      .filter((c) => c['restartPolicy'] === 'Always')
      .map((c) => c['name']),
  )
const ending = (terminated: Json): string =>
  text(terminated['reason']) || (terminated['signal'] ? `Signal:${text(terminated['signal'])}` : `ExitCode:${text(terminated['exitCode'])}`)

/** What the first init container that is not done keeps the pod from; undefined when none does. */
function initializing(o: KubeObject): string | undefined {
  const beside = sidecars(o)
  const all = list(status(o)['initContainerStatuses'])
  for (const [at, container] of all.entries()) {
    const { waiting, terminated } = object(container['state'])
    if (isJson(terminated) && terminated['exitCode'] === 0) continue
    if (beside.has(container['name']) && container['started'] === true) continue
    if (isJson(terminated)) return `Init:${ending(terminated)}`
    const reason = isJson(waiting) ? text(waiting['reason']) : ''
    return reason !== '' && reason !== 'PodInitializing' ? `Init:${reason}` : `Init:${at}/${list(spec(o)['initContainers']).length}`
  }
  return undefined
}

/** One word for the state of a pod, as `kubectl get pods` shows it. */
function podStatus(o: KubeObject): string {
  const phase = text(status(o)['phase'])
  let reason = initializing(o) ?? text(status(o)['reason'] || phase)
  if (initializing(o) === undefined || isTrue(o, 'Initialized')) {
    let running = false
    for (const container of list(status(o)['containerStatuses']).reverse()) {
      const { waiting, terminated } = object(container['state'])
      if (isJson(waiting) && waiting['reason']) reason = text(waiting['reason'])
      else if (isJson(terminated)) reason = ending(terminated)
      else if (container['ready'] === true) running = true
    }
    if (reason === 'Completed' && running) reason = isTrue(o, 'Ready') ? 'Running' : 'NotReady'
  }
  if (!o.metadata.deletionTimestamp) return reason
  if (status(o)['reason'] === 'NodeLost') return 'Unknown'
  return phase === 'Succeeded' || phase === 'Failed' ? reason : 'Terminating'
}
function restarts(o: KubeObject, since: (time: unknown) => string): string {
  const beside = sidecars(o)
  const inits = list(status(o)['initContainerStatuses'])
  const busy = initializing(o) !== undefined && !isTrue(o, 'Initialized')
  const all = busy ? inits : [...inits.filter((c) => beside.has(c['name'])), ...list(status(o)['containerStatuses'])]
  const total = all.reduce((sum, container) => sum + count(container['restartCount']), 0)
  const last = all
    .map((container) => object(object(container['lastState'])['terminated'])['finishedAt'])
    .filter((time) => typeof time === 'string')
    .sort()
    .at(-1)
  return total > 0 && last !== undefined ? `${total} (${since(last)} ago)` : String(total)
}

export const pods: Readonly<Record<string, readonly Column[]>> = {
  Pod: [
    name,
    column(
      'Ready',
      (o) => {
        const beside = sidecars(o)
        const all = [
          ...list(status(o)['initContainerStatuses']).filter((c) => beside.has(c['name'])),
          ...list(status(o)['containerStatuses']),
        ]
        const ready = all.filter((c) => c['ready'] === true && object(c['state'])['terminated'] === undefined)
        return `${ready.length}/${list(spec(o)['containers']).length + beside.size}`
      },
      'The aggregate readiness state of this pod for accepting traffic.',
    ),
    column('Status', podStatus, 'The aggregate status of the containers in this pod.'),
    column(
      'Restarts',
      restarts,
      'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    ),
    age,
    wide('IP', (o) => orNone(status(o)['podIP']), podIP),
    wide('Node', (o) => orNone(spec(o)['nodeName']), nodeName),
    wide('Nominated Node', (o) => orNone(status(o)['nominatedNodeName']), nominated),
    wide('Readiness Gates', () => '<none>', gates),
  ],
}
