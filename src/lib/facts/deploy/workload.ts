import type { Environment } from '../../environment/schema.ts'
import { Blocked } from '../../errors.ts'
import { replicasNote } from '../../notes.ts'
import type { Context } from '../../plan/context.ts'
import { type Finding, fails, holds } from '../../plan/finding.ts'
import type { Offer } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import type { Deployment } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { isRollingOut } from '../cluster/rollout.ts'

type Look = Readers<'kube'>

/** One of honeyDue's Deployments, as a procedure found it. */
export interface Workload {
  readonly namespace: string
  readonly name: string
  readonly deployment: Deployment
  /** By its spec now. */
  readonly replicas: number
  /** What another run noted when it stopped the workload for a moment; undefined where none did. */
  readonly noted: number | undefined
  /** By the environment: never two of it at a time. */
  readonly singleton: boolean
}

/** Two workers at a time are what happened on 2026-06-03: each enqueues every job once more. */
export const isSingleton = ({ workloads }: Pick<Environment, 'workloads'>, name: string): boolean => workloads[name]?.singleton === true

/** What a Deployment and the environment say of a workload. */
export const workloadOf = (deployment: Deployment, environment: Pick<Environment, 'namespace' | 'workloads'>): Workload => {
  const { name, annotations } = deployment.metadata
  const note = Number(annotations?.[replicasNote] ?? Number.NaN)
  return {
    namespace: environment.namespace,
    name,
    deployment,
    replicas: deployment.spec.replicas ?? 1,
    noted: Number.isInteger(note) && note > 0 ? note : undefined,
    singleton: isSingleton(environment, name),
  }
}

/** Throws Blocked, with the names that there are, where the namespace has no such Deployment. */
export const gatherWorkload = async (name: string, look: Look, { environment }: Context): Promise<Workload> => {
  const { namespace } = environment
  const deployment = await look.kube.get('Deployment', name, namespace)
  if (!deployment) {
    const there = (await look.kube.list('Deployment', { namespace })).map(({ metadata }) => metadata.name)
    throw new Blocked({
      code: 'deploy-no-workload',
      failed: `${namespace} has no Deployment of that name`,
      cause: there.length > 0 ? `It has ${there.join(', ')}` : 'It has no Deployment at all',
      next: 'honeydue cluster:health',
    })
  }
  return workloadOf(deployment, environment)
}

/** The Deployments to choose from, with how many pods of each are ready. */
export const offerWorkloads = async (look: Look, { environment: { namespace } }: Context): Promise<readonly Offer[]> =>
  (await look.kube.list('Deployment', { namespace })).map(({ metadata, spec, status }) => ({
    value: metadata.name,
    about: `${status?.readyReplicas ?? 0} of ${spec.replicas ?? 1} ready${spec.paused ? ', paused' : ''}`,
  }))

/** A rollout of its own would end in neither: what somebody began is to end first, and what is paused would never begin. */
export const isSteady = (workload: Pick<Workload, 'name' | 'deployment'>): Finding => {
  const going = isNotPaused(workload)
  return going.ok && isRollingOut(workload.deployment)
    ? fails(`${workload.name} is rolling out: honeydue cluster:health says how it stands`, 'honeydue cluster:health')
    : going
}

/** A paused rollout would not begin. */
export const isNotPaused = ({ name, deployment }: Pick<Workload, 'name' | 'deployment'>): Finding =>
  deployment.spec.paused
    ? fails(`the rollout of ${name} is paused: honeydue deploy:resume ${name} lets it go on`, sh`honeydue deploy:resume ${name}`)
    : holds
