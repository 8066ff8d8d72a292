import type { Pod } from './objects.ts'

/** It has ended for good: completed, evicted, preempted, or shut down with its node. Its object stays for a while and counts nowhere. */
export const hasEnded = ({ status }: Pick<Pod, 'status'>): boolean => status.phase === 'Succeeded' || status.phase === 'Failed'

/** It was told to end: no controller counts it any more. */
export const isLeaving = ({ metadata }: Pick<Pod, 'metadata'>): boolean => metadata.deletionTimestamp !== undefined

/** Its readiness is true, and it is neither leaving nor at its end. */
export const isReady = (pod: Pod): boolean =>
  !isLeaving(pod) && !hasEnded(pod) && pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
