import type { Environment } from '../../environment/schema.ts'
import { replicasNote } from '../../notes.ts'
import { type Finding, fails, holds, when } from '../../plan/finding.ts'
import { sh } from '../../shell.ts'
import type { Deployment } from '../../systems/kube/types.ts'
import { isRollingOut } from '../cluster/rollout.ts'
import { isSingleton } from '../deploy/workload.ts'
import { type KeySource, keySource } from './key-source.ts'

/** A workload that gets a key of the ConfigMap when its pods start. */
export interface Consumer {
  readonly deployment: Deployment
  /** What it is to have: while it is at 0 for us, what it had. */
  readonly replicas: number
  readonly missing: number
  /** Never two of it at a time. */
  readonly singleton: boolean
}

/** A container that sets the key itself: the ConfigMap does not reach it. */
export type OwnSource = KeySource['own'][number] & { readonly workload: string }

export interface Consumers {
  readonly consumers: readonly Consumer[]
  readonly own: readonly OwnSource[]
}

/** Who reads the key, the API first, and who sets it past the ConfigMap. */
export const consumersOf = (
  deployments: readonly Deployment[],
  key: string,
  environment: Pick<Environment, 'database' | 'redis' | 'workloads'>,
): Consumers => {
  const sources = deployments.map((deployment) => ({
    deployment,
    source: keySource(deployment.spec.template.spec, environment.database.configMap, key),
  }))
  return {
    // Redis reads the same ConfigMap where chapter 7's common shape holds, and nothing of what stands in it: its pod is left alone.
    consumers: consumersWhere(
      deployments,
      (deployment) =>
        deployment.metadata.name !== environment.redis.deployment &&
        sources.some(({ deployment: one, source }) => one === deployment && source.reads),
      environment,
    ),
    own: sources.flatMap(({ deployment, source: { own } }) => own.map((one) => ({ ...one, workload: deployment.metadata.name }))),
  }
}

/** Those Deployments that something is true of, as consumers, the API first. */
export const consumersWhere = (
  deployments: readonly Deployment[],
  uses: (deployment: Deployment) => boolean,
  environment: Pick<Environment, 'workloads'>,
): readonly Consumer[] =>
  deployments
    .filter(uses)
    .map((deployment) => consumer(deployment, isSingleton(environment, deployment.metadata.name)))
    .sort(apiFirst)

const consumer = (deployment: Deployment, singleton: boolean): Consumer => {
  const { metadata, spec, status } = deployment
  const replicas = spec.replicas === 0 ? Number(metadata.annotations?.[replicasNote] ?? 0) : (spec.replicas ?? 1)
  return { deployment, replicas, singleton, missing: Math.max(0, replicas - (status?.availableReplicas ?? 0)) }
}

/** The API first: it is what customers wait for, and the health endpoint speaks for it alone. */
const apiFirst = (one: Consumer, other: Consumer): number => {
  const rank = ({ deployment }: Consumer) => (deployment.metadata.name === 'api' ? '' : deployment.metadata.name)
  return rank(one).localeCompare(rank(other))
}

/** A workload that sets the key itself would stay where it is, and the change be told as done. */
export const goesPast = (namespace: string, key: string, { workload, container, value }: OwnSource): Finding =>
  fails(
    `${workload} sets ${key} itself to ${value}, past the ConfigMap`,
    sh`kubectl -n ${namespace} set env ${`deploy/${workload}`} -c ${container} ${`${key}-`}`,
  )

/** No rollout of somebody else's runs; `unless` names those that are no reason. */
export const noneRolls = (consumers: readonly Consumer[], unless: (consumer: Consumer) => boolean = () => false): Finding => {
  const rolling = consumers.filter((one) => isRollingOut(one.deployment) && !unless(one)).map(({ deployment }) => deployment.metadata.name)
  return when(rolling.length === 0, `a rollout is running: ${rolling.join(', ')}`, 'honeydue cluster:health')
}

/** Every replica serves, where no rollout says why one does not. */
export const noneMissing = (consumers: readonly Consumer[], because: string): Finding => {
  const missing = consumers.filter((one) => one.missing > 0)
  return missing.length === 0 || consumers.some(({ deployment }) => isRollingOut(deployment))
    ? holds
    : fails(
        `replicas are missing ${because}: ${missing.map((one) => `${one.missing} of ${one.replicas} of ${one.deployment.metadata.name}`).join(', ')}`,
        'honeydue cluster:health',
      )
}
