import type { Client, KubeObject } from '../types.ts'
import type { Context } from './context.ts'
import { as, type Condition, core, isOver, type Pod, type PodSpec, pods, podsOf, stamp, type Taint, withCondition } from './objects.ts'

export interface Node extends KubeObject {
  spec: { unschedulable?: boolean; taints?: Taint[] }
  status: { conditions?: Condition[] } & Record<string, unknown>
}

/** The pod's tolerations of the taint. */
export const tolerations = (spec: PodSpec, { key, value, effect }: Taint) =>
  (spec.tolerations ?? []).filter(
    (toleration) =>
      (!toleration.effect || toleration.effect === effect) &&
      (!toleration.key || toleration.key === key) &&
      (toleration.operator === 'Exists' || (toleration.value ?? '') === (value ?? '')),
  )
const tolerates = (spec: PodSpec, taint: Taint) => tolerations(spec, taint).length > 0

const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

/** Why the pod may not run on the node, as the scheduler words it; undefined when it may. */
export function fits({ spec }: { readonly spec: PodSpec }, node: Node): string | undefined {
  const cordoned: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }
  if (node.spec.unschedulable && !tolerates(spec, cordoned)) return 'node(s) were unschedulable'
  // A node that no kubelet has reported for is tainted so from its creation on.
  const silent = node.status.conditions?.some(({ type }) => type === 'Ready') ? [] : [notReady]
  const taint = [...(node.spec.taints ?? []), ...silent].find((one) => one.effect !== 'PreferNoSchedule' && !tolerates(spec, one))
  if (taint) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`
  const wanted = Object.entries(spec.nodeSelector ?? {})
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  // The one field that a term may name is the node's name.
  const named =
    terms?.some(({ matchFields = [] }) =>
      matchFields.every(({ operator, values = [] }) => values.includes(node.metadata.name) === (operator === 'In')),
    ) ?? true
  return named && wanted.every(([key, value]) => node.metadata.labels?.[key] === value)
    ? undefined
    : "node(s) didn't match Pod's node affinity/selector"
}

/** The fitting node with the fewest pods, those of the same owner counting most; without one, how many nodes refuse for which reason. */
export function choose(client: Client, pod: { readonly metadata: KubeObject['metadata']; readonly spec: PodSpec }) {
  const { namespace } = pod.metadata
  const nodes = client.list(core('nodes')).map((node) => as<Node>(node))
  const reasons = new Map<string, number>()
  const fitting = nodes.filter((node) => {
    const because = fits(pod, node)
    if (because) reasons.set(because, (reasons.get(because) ?? 0) + 1)
    return because === undefined
  })
  const load = new Map<string, number>()
  for (const other of podsOf(client, undefined)) {
    const alike = other.metadata.namespace === namespace && other.metadata.generateName === pod.metadata.generateName
    if (other.spec.nodeName && !isOver(other)) load.set(other.spec.nodeName, (load.get(other.spec.nodeName) ?? 0) + (alike ? 100 : 1))
  }
  const [best] = fitting.sort((a, b) => (load.get(a.metadata.name) ?? 0) - (load.get(b.metadata.name) ?? 0))
  return { best, nodes, reasons }
}

/** Binds a pod to the fitting node with the fewest pods, or says why none fits. */
export function schedule({ client, event, settling }: Context, name: string, namespace: string | undefined): void {
  const found = client.get(pods, name, namespace)
  if (!found || found.metadata.deletionTimestamp) return
  const pod = as<Pod>(found)
  if (pod.spec.nodeName) return
  const { best, nodes, reasons } = choose(client, pod)
  const source = { component: 'default-scheduler' }
  if (!best) {
    const list = [...reasons]
      .map(([because, count]) => `${count} ${because}`)
      .sort()
      .join(', ')
    const message =
      nodes.length === 0
        ? 'no nodes available to schedule pods'
        : `0/${nodes.length} nodes are available: ${list}. no new claims to deallocate, preemption: 0/${nodes.length} nodes are available: ${nodes.length} Preemption is not helpful for scheduling.`
    client.update(
      pods,
      name,
      namespace,
      (draft) => {
        const { status } = as<Pod>(draft)
        status.phase ??= 'Pending'
        status.conditions = withCondition(status.conditions, {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message,
          observedGeneration: pod.metadata.generation ?? 1,
          lastProbeTime: null,
        })
      },
      { subresource: 'status', manager: 'kube-scheduler' },
    )
    event(pod, 'Warning', 'FailedScheduling', message, { ...source, action: 'Scheduling' })
    return
  }
  bind({ client, settling }, pod, best.metadata.name)
  event(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${best.metadata.name}`, { ...source, action: 'Binding' })
}

/** What the binding subresource does: sets the node once, and says so. */
function bind({ client, settling }: Pick<Context, 'client' | 'settling'>, pod: Pod, node: string): void {
  client.update(
    pods,
    pod.metadata.name,
    pod.metadata.namespace,
    (draft) => {
      as<Pod>(draft).spec.nodeName = node
    },
    { manager: 'kube-scheduler', subresource: 'binding' },
  )
  // A settled pod gets its whole status at once, from its kubelet.
  if (settling()) return
  client.update(
    pods,
    pod.metadata.name,
    pod.metadata.namespace,
    (draft) => {
      const { status } = as<Pod>(draft)
      status.conditions = withCondition(status.conditions, {
        type: 'PodScheduled',
        status: 'True',
        observedGeneration: pod.metadata.generation ?? 1,
        lastProbeTime: null,
        lastTransitionTime: stamp(),
      })
    },
    { manager: 'kube-scheduler', subresource: 'status' },
  )
}
