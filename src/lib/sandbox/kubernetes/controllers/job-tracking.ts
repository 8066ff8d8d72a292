import type { Client, KubeObject } from '../types.ts'
import { isOver, type Pod, pods, podsOf } from './objects.ts'

const tracking = 'batch.kubernetes.io/job-tracking'

/** A Job's pod that is held until the Job's status has counted it. */
export const tracked = (pod: KubeObject): KubeObject => ({ ...pod, metadata: { ...pod.metadata, finalizers: [tracking] } })

export const isTracked = ({ metadata }: KubeObject): boolean => metadata.finalizers?.includes(tracking) ?? false

/** Ended pods, and those that are on their way out, which count as failed when they are replaced at once. */
export const isLost = (pod: Pod, replacesTerminating: boolean): boolean =>
  pod.status.phase === 'Failed' || (replacesTerminating && !isOver(pod) && pod.metadata.deletionTimestamp !== undefined)

/** Lets a pod go: it is counted, or nobody is left who would. */
export function untrack(client: Client, pod: KubeObject): void {
  client.update(pods, pod.metadata.name, pod.metadata.namespace, ({ metadata }) => {
    metadata.finalizers = (metadata.finalizers ?? []).filter((one) => one !== tracking)
  })
}

/** The pods of a Job that is gone or is being deleted are held no longer. */
export function releasePods(client: Client, job: string, namespace: string | undefined): void {
  for (const pod of podsOf(client, namespace)) {
    const mine = pod.metadata.ownerReferences?.some(({ kind, name, controller }) => kind === 'Job' && name === job && controller)
    if (mine && isTracked(pod) && (isOver(pod) || pod.metadata.deletionTimestamp)) untrack(client, pod)
  }
}
