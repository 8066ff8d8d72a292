import type { Deployment, PersistentVolumeClaim, Workload } from '../../systems/kube/types.ts'

/** A workload that has fewer ready pods than it should, or that is kept from changing. */
export interface Below {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly ready: number
  readonly wanted: number
  /** Beside the numbers: "its rollout has stopped: …", "it is paused". */
  readonly also: readonly string[]
  readonly wrong: boolean
}

export interface UnboundClaim {
  readonly namespace: string
  readonly name: string
  readonly phase: string
  readonly storageClass?: string
}

const count = (status: Workload['status'], field: string): number => {
  const value = status?.[field]
  return typeof value === 'number' ? value : 0
}

const described = (kind: string, { metadata }: Workload, ready: number, wanted: number, also: readonly string[]): Below | undefined =>
  ready >= wanted && also.length === 0
    ? undefined
    : { kind, namespace: metadata.namespace ?? '', name: metadata.name, ready, wanted, also, wrong: ready < wanted }

/** Undefined where a Deployment has what it wants. One at 0 replicas is told: somebody scaled it down. */
export const deploymentBelow = (deployment: Deployment): Below | undefined => {
  const { spec, status } = deployment
  const wanted = spec.replicas ?? 1
  const stopped = status?.conditions?.find(({ type, status: is }) => type === 'Progressing' && is === 'False')
  return described('Deployment', deployment, count(status, 'readyReplicas'), wanted, [
    ...(wanted === 0 ? ['it is scaled to 0'] : []),
    ...(spec.paused ? ['its rollout is paused'] : []),
    ...(stopped ? [`its rollout has stopped: ${stopped.message ?? stopped.reason ?? ''}`] : []),
    ...(wanted > 0 && count(status, 'updatedReplicas') < wanted
      ? [`${count(status, 'updatedReplicas')} of its pods are of the present template`]
      : []),
  ])
}

export const statefulSetBelow = (set: Workload): Below | undefined =>
  described('StatefulSet', set, count(set.status, 'readyReplicas'), set.spec.replicas ?? 1, [])

export const daemonSetBelow = (set: Workload): Below | undefined =>
  described('DaemonSet', set, count(set.status, 'numberReady'), count(set.status, 'desiredNumberScheduled'), [])

/** Undefined for a claim that has its volume. */
export const unboundClaim = ({ metadata, spec, status }: PersistentVolumeClaim): UnboundClaim | undefined =>
  status?.phase === 'Bound'
    ? undefined
    : {
        namespace: metadata.namespace ?? '',
        name: metadata.name,
        phase: status?.phase ?? 'unknown',
        ...(spec.storageClassName !== undefined && { storageClass: spec.storageClassName }),
      }
