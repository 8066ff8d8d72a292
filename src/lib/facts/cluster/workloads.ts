import { replicasNote } from '../../notes.ts'
import type { Condition, Deployment, Workload } from '../../systems/kube/types.ts'

/** A workload that has fewer ready pods than it should, or that is kept from changing. */
export interface Below {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet'
  readonly namespace: string
  readonly name: string
  readonly ready: number
  /** Of the pods that are wanted, so many were made. */
  readonly made: number
  readonly wanted: number
  /** Beside the numbers: "its rollout has stopped: …", "it is paused". */
  readonly also: readonly string[]
  /** Why its pods cannot even be made, in the words of who refused them: a quota, an admission webhook, a missing ServiceAccount. */
  readonly refused?: string
  readonly wrong: boolean
}

const count = (status: Workload['status'], field: string): number => {
  const value = status?.[field]
  return typeof value === 'number' ? value : 0
}

type Rest = Pick<Below, 'also'> & { readonly refused?: string | undefined; readonly wrong?: boolean }

const described = (
  kind: Below['kind'],
  { metadata }: Workload,
  { ready, made, wanted }: Pick<Below, 'ready' | 'made' | 'wanted'>,
  { also, refused, wrong = ready < wanted }: Rest,
): Below | undefined =>
  ready >= wanted && also.length === 0 && refused === undefined
    ? undefined
    : {
        kind,
        namespace: metadata.namespace ?? '',
        name: metadata.name,
        ready,
        made,
        wanted,
        also,
        ...(refused !== undefined && { refused }),
        wrong: wrong || refused !== undefined,
      }

const conditionOf = ({ status }: Deployment, type: string, is: string): Condition | undefined =>
  status?.conditions?.find((one) => one.type === type && one.status === is)

/** Undefined where a Deployment has what it wants. One at 0 replicas is told: somebody scaled it down, or a run of ours that was cut off. */
export const deploymentBelow = (deployment: Deployment): Below | undefined => {
  const { metadata, spec, status } = deployment
  const wanted = spec.replicas ?? 1
  const seen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  // What its conditions say is of the generation that its controller has seen.
  const stopped = seen ? conditionOf(deployment, 'Progressing', 'False') : undefined
  const failure = seen ? conditionOf(deployment, 'ReplicaFailure', 'True') : undefined
  const note = metadata.annotations?.[replicasNote]
  const updated = count(status, 'updatedReplicas')
  const older = count(status, 'replicas') - updated
  return described(
    'Deployment',
    deployment,
    { ready: count(status, 'readyReplicas'), made: count(status, 'replicas'), wanted },
    {
      also: [
        ...(wanted === 0
          ? [note === undefined ? 'it is scaled to 0' : `a run of honeydue that was cut off left it at 0: it had ${note}`]
          : []),
        ...(spec.paused ? ['its rollout is paused'] : []),
        ...(stopped && !failure ? [`its rollout has stopped: ${stopped.message ?? stopped.reason ?? ''}`] : []),
        ...(wanted > 0 && updated < wanted && older > 0 && seen
          ? [`new pods: ${updated} of ${wanted}; ${older} ${older === 1 ? 'is' : 'are'} still of the version before`]
          : []),
      ],
      refused: failure && (failure.message || failure.reason || ''),
      wrong: count(status, 'readyReplicas') < wanted || (wanted === 0 && note !== undefined),
    },
  )
}

export const statefulSetBelow = (set: Workload): Below | undefined => {
  const numbers = { ready: count(set.status, 'readyReplicas'), made: count(set.status, 'replicas'), wanted: set.spec.replicas ?? 1 }
  return described('StatefulSet', set, numbers, { also: [] })
}

export const daemonSetBelow = (set: Workload): Below | undefined => {
  const [ready, made] = [count(set.status, 'numberReady'), count(set.status, 'currentNumberScheduled')]
  return described('DaemonSet', set, { ready, made, wanted: count(set.status, 'desiredNumberScheduled') }, { also: [] })
}
