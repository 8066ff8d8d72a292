import type { Client, KubeObject } from '../types.ts'
import { as, type Condition, owns, replicaSets, type Selector, type Template } from './objects.ts'
import type { ReplicaSet } from './replica-set.ts'

export interface Deployment extends KubeObject {
  spec: {
    replicas: number
    paused?: boolean
    minReadySeconds?: number
    progressDeadlineSeconds?: number
    revisionHistoryLimit?: number
    selector: Selector
    strategy: { type: string; rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } }
    template: Template
  }
  status: {
    conditions?: Condition[]
    observedGeneration?: number
    updatedReplicas?: number
    replicas?: number
    readyReplicas?: number
    availableReplicas?: number
    collisionCount?: number
  }
}

export const revisionOf = (object: KubeObject): number => Number(object.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0)
/** How the annotations begin that belong to the deployment controller. */
export const own = 'deployment.kubernetes.io/'

export const setsOf = (client: Client, deployment: KubeObject): ReplicaSet[] =>
  client
    .list(replicaSets, { namespace: deployment.metadata.namespace ?? '' })
    .filter((set) => owns(deployment, set))
    .map((set) => as<ReplicaSet>(set))

/** The ReplicaSet whose template is the deployment's, the hash label aside. */
export const current = (sets: readonly ReplicaSet[], hash: string) =>
  sets.find((set) => set.metadata.labels?.['pod-template-hash'] === hash)

/** A number or a percentage of `of`. */
export const share = (value: number | string, of: number, round: (n: number) => number): number =>
  typeof value === 'number' ? value : round((Number.parseInt(value, 10) * of) / 100)
