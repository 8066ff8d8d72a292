import { type Answer, answer, valueOr } from '../../facts/answer.ts'
import { type EventGroup, recentWarnings } from '../../facts/cluster/events.ts'
import { type Unwell, unwell } from '../../facts/cluster/pods.ts'
import {
  type Below,
  daemonSetBelow,
  deploymentBelow,
  statefulSetBelow,
  type UnboundClaim,
  unboundClaim,
} from '../../facts/cluster/workloads.ts'
import { apiNodes } from '../../facts/nodes/api-nodes.ts'
import type { ApiNode } from '../../facts/nodes/survey.ts'
import type { Kind, Kinds, KubeReader, Pod } from '../../systems/kube/types.ts'

/** What cluster:health looks at; a kind that could not be read is named, with its error. */
export interface ClusterHealth {
  readonly nodes: readonly ApiNode[]
  readonly podCount: number
  readonly unwell: readonly (Unwell & { readonly lastLine?: string })[]
  readonly below: readonly Below[]
  readonly workloadCount: number
  readonly claims: readonly UnboundClaim[]
  readonly claimCount: number
  readonly warnings: readonly EventGroup[]
  readonly unread: readonly { readonly kind: Kind; readonly error: unknown }[]
}

/** Logs are read of so many pods at most: the first of each workload say what the others would. */
const logsOf = 12

/** Reads everything at once. Throws what the API answered when it answered nothing. */
export const gatherClusterHealth = async (kube: KubeReader, now: Date): Promise<ClusterHealth> => {
  const unread: { kind: Kind; error: unknown }[] = []
  const list = async <K extends Kind>(kind: K): Promise<readonly Kinds[K][]> => {
    const found: Answer<readonly Kinds[K][]> = await answer(kube.list(kind, kind === 'Event' ? { fields: 'type=Warning' } : {}))
    if (!found.answered) unread.push({ kind, error: found.error })
    return valueOr(found, [])
  }
  const [nodes, pods, deployments, daemonSets, statefulSets, claims, events] = await Promise.all([
    list('Node'),
    list('Pod'),
    list('Deployment'),
    list('DaemonSet'),
    list('StatefulSet'),
    list('PersistentVolumeClaim'),
    list('Event'),
  ])
  if (unread.length === 7) throw unread[0]?.error
  return {
    nodes: apiNodes(nodes, pods),
    podCount: pods.length,
    unwell: await withLogs(kube, unwellPods(pods, now)),
    below: [
      ...deployments.flatMap((one) => deploymentBelow(one) ?? []),
      ...daemonSets.flatMap((one) => daemonSetBelow(one) ?? []),
      ...statefulSets.flatMap((one) => statefulSetBelow(one) ?? []),
    ],
    workloadCount: deployments.length + daemonSets.length + statefulSets.length,
    claims: claims.flatMap((claim) => unboundClaim(claim) ?? []),
    claimCount: claims.length,
    warnings: recentWarnings(events, now),
    unread,
  }
}

const unwellPods = (pods: readonly Pod[], now: Date): readonly Unwell[] =>
  pods.flatMap((pod) => unwell(pod, now) ?? []).sort((a, b) => Number(b.wrong) - Number(a.wrong) || a.owner.localeCompare(b.owner))

const withLogs = (kube: KubeReader, pods: readonly Unwell[]): Promise<ClusterHealth['unwell']> =>
  Promise.all(
    pods.map(async (pod, index) => {
      if (pod.log === undefined || index >= logsOf) return pod
      const { namespace, pod: name, container } = pod
      const read = await answer(
        kube.log({ namespace, pod: name, ...(container !== undefined && { container }), tail: 1, previous: pod.log === 'previous' }),
      )
      const line = valueOr(read, []).at(-1)?.trim()
      return line ? { ...pod, lastLine: line } : pod
    }),
  )
