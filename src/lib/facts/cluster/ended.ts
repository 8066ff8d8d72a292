import type { Pod } from '../../systems/kube/types.ts'
import { endingOf } from './ending.ts'
import { ownerOf } from './owner.ts'

/** Pods of one workload that have failed for good and lie about: another has long taken their place, or nothing will. */
export interface Ended {
  readonly namespace: string
  readonly owner: string
  /** "Evicted", "Preempting", "Terminated" … */
  readonly reason: string
  readonly pods: readonly string[]
  /** What the kubelet said of the last of them: "The node was low on resource: ephemeral-storage …". */
  readonly message?: string
  /** RFC 3339, of the youngest. */
  readonly last?: string
  /** False where nothing owns them: nobody starts another. */
  readonly replaced: boolean
}

/** A Job's pods are its tries: what became of them the Job itself says. */
export const endedPods = (pods: readonly Pod[]): readonly Ended[] => {
  const groups = new Map<string, Pod[]>()
  for (const pod of pods) {
    if (pod.status.phase !== 'Failed' || pod.metadata.ownerReferences?.[0]?.kind === 'Job') continue
    const key = [pod.metadata.namespace, ownerOf(pod), pod.status.reason].join('\0')
    groups.set(key, [...(groups.get(key) ?? []), pod])
  }
  return [...groups.values()].flatMap((group) => {
    const sorted = [...group].sort((a, b) => (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''))
    const [youngest] = sorted
    if (!youngest) return []
    const { metadata, status } = youngest
    const message = status.message ?? (status.containerStatuses ?? []).flatMap((one) => endingOf(one) ?? [])[0]
    return [
      {
        namespace: metadata.namespace ?? '',
        owner: ownerOf(youngest),
        reason: status.reason ?? 'Failed',
        pods: sorted.map((pod) => pod.metadata.name),
        ...(message !== undefined && { message }),
        ...(metadata.creationTimestamp !== undefined && { last: metadata.creationTimestamp }),
        replaced: metadata.ownerReferences?.[0] !== undefined,
      },
    ]
  })
}
