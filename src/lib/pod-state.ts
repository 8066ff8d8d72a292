import type { Pod } from './kube-objects.ts'

/** It has ended for good: completed, evicted, preempted, or shut down with its node. Its object stays for a while and counts nowhere. */
export const hasEnded = ({ status }: Pick<Pod, 'status'>): boolean => status.phase === 'Succeeded' || status.phase === 'Failed'

/** It was told to end: no controller counts it any more. */
export const isLeaving = ({ metadata }: Pick<Pod, 'metadata'>): boolean => metadata.deletionTimestamp !== undefined

/** Its readiness is true, and it is neither leaving nor at its end. */
export const isReady = (pod: Pod): boolean =>
  !isLeaving(pod) && !hasEnded(pod) && pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true

/**
 * When the pod's variables were resolved: at the start of the container that started first, or at the pod's creation where none runs.
 * A pod does not say which values it got; what was last set before this moment is what it got.
 */
export const startedAt = ({ metadata, status }: Pod): string => {
  const started = (status.containerStatuses ?? []).flatMap(({ state }) => state?.running?.startedAt ?? [])
  return started.sort()[0] ?? metadata.creationTimestamp ?? ''
}

/** A DaemonSet's, or the kubelet's own (a mirror pod): it is started anew wherever its node is, cordoned or not. */
export const isDaemon = ({ metadata }: Pick<Pod, 'metadata'>): boolean =>
  metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet') === true ||
  metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined

/** What a drain moves off a node: all that runs there but daemons, and what has ended for good. */
export const isDrained = (pod: Pod): boolean => !isDaemon(pod) && !hasEnded(pod)
