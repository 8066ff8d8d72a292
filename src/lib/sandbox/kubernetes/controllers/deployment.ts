import { isDeepStrictEqual } from 'node:util'
import type { Client, KubeObject } from '../types.ts'
import type { Context } from './context.ts'
import {
  as,
  type Condition,
  deployments,
  filled,
  ownedBy,
  owns,
  podsOf,
  replicaSets,
  type Selector,
  stamp,
  type Template,
  withCondition,
} from './objects.ts'
import { isScaling } from './proportional.ts'
import type { ReplicaSet } from './replica-set.ts'
import { first, scaleTo } from './rollout.ts'
import { templateHash } from './template-hash.ts'

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
const own = 'deployment.kubernetes.io/'
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

export const setsOf = (client: Client, deployment: KubeObject): ReplicaSet[] =>
  client
    .list(replicaSets, { namespace: deployment.metadata.namespace ?? '' })
    .filter((set) => owns(deployment, set))
    .map((set) => as<ReplicaSet>(set))

/** The ReplicaSet whose template is the deployment's, the hash label aside. */
const current = (sets: readonly ReplicaSet[], hash: string) => sets.find((set) => set.metadata.labels?.['pod-template-hash'] === hash)

/** Brings a Deployment's ReplicaSets one step nearer to its template, and says in its status how far they are. */
export function reconcileDeployment(context: Context, name: string, namespace: string | undefined, again: () => void): void {
  const { client } = context
  const found = client.get(deployments, name, namespace)
  if (!found || found.metadata.deletionTimestamp) return
  const deployment = as<Deployment>(found)
  const hash = templateHash(deployment.spec.template, deployment.status.collisionCount)
  const before = setsOf(client, deployment)
  const top = Math.max(0, ...before.filter((set) => set.metadata.labels?.['pod-template-hash'] !== hash).map(revisionOf))
  const known = current(before, hash)
  const revision = String(known && revisionOf(known) > top ? revisionOf(known) : top + 1)
  let fresh = known
  let made = false
  // A new number goes to the sets that are there before a new template makes another.
  const active = before.filter(({ spec }) => spec.replicas > 0)
  const rescales = !fresh && !context.settling() && deployment.spec.strategy.type !== 'Recreate' && isScaling(deployment, active)
  if ((!deployment.spec.paused && !rescales) || fresh) {
    const podsLeft = podsOf(client, namespace).some(
      (pod) => before.some((set) => set !== fresh && owns(set, pod)) && pod.status.phase !== 'Failed' && pod.status.phase !== 'Succeeded',
    )
    const held = deployment.spec.strategy.type === 'Recreate' && (podsLeft || before.some((set) => set !== fresh && set.spec.replicas > 0))
    if (!fresh && !held) {
      fresh = createSet(context, deployment, hash, revision, before)
      made = true
    } else if (fresh && revisionOf(fresh) !== Number(revision)) fresh = renumber(client, fresh, revision) ?? fresh
    scaleTo(
      context,
      deployment,
      fresh,
      before.filter((set) => set.metadata.uid !== fresh?.metadata.uid),
      held,
    )
  } else scaleTo(context, deployment, undefined, before, false)
  if (made && context.settling()) return
  writeStatus(context, deployment, hash, fresh ? String(revisionOf(fresh)) : undefined, made, again)
  forgetOld(client, deployment, hash)
}

function createSet(
  { client, event }: Context,
  deployment: Deployment,
  hash: string,
  revision: string,
  others: readonly ReplicaSet[],
): ReplicaSet {
  const { name, namespace, annotations = {} } = deployment.metadata
  const template = deployment.spec.template
  const kept = Object.fromEntries(Object.entries(annotations).filter(([key]) => !key.startsWith(own) && key !== lastApplied))
  const hashed = { 'pod-template-hash': hash }
  const { replicas, notes } = first(deployment, others)
  const spec = {
    replicas,
    ...(deployment.spec.minReadySeconds ? { minReadySeconds: deployment.spec.minReadySeconds } : {}),
    selector: { ...deployment.spec.selector, matchLabels: { ...deployment.spec.selector.matchLabels, ...hashed } },
    template: { ...template, metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...hashed } } },
  }
  const object = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace ? { namespace } : {}),
      labels: { ...template.metadata?.labels, ...hashed },
      annotations: { ...kept, ...notes, [`${own}revision`]: revision },
      ownerReferences: [ownedBy(deployment)],
    },
    spec,
  }
  const set = as<ReplicaSet>(client.create(object))
  if (replicas > 0)
    event(deployment, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${set.metadata.name} from 0 to ${replicas}`, {
      component: 'deployment-controller',
    })
  return set
}

/** An old ReplicaSet that is wanted again gets the next revision and remembers its earlier ones. */
function renumber(client: Client, set: ReplicaSet, revision: string): ReplicaSet | undefined {
  const changed = client.update(replicaSets, set.metadata.name, set.metadata.namespace, ({ metadata }) => {
    const old = metadata.annotations?.[`${own}revision`]
    const history = metadata.annotations?.[`${own}revision-history`]
    metadata.annotations = {
      ...metadata.annotations,
      [`${own}revision`]: revision,
      ...(old ? { [`${own}revision-history`]: history ? `${history},${old}` : old } : {}),
    }
  })
  return changed && as<ReplicaSet>(changed)
}

function forgetOld(client: Client, deployment: Deployment, hash: string): void {
  const idle = setsOf(client, deployment).filter(
    (set) =>
      set.metadata.labels?.['pod-template-hash'] !== hash &&
      set.spec.replicas === 0 &&
      (set.status['replicas'] ?? 0) === 0 &&
      !set.metadata.deletionTimestamp,
  )
  const excess = idle.length - (deployment.spec.revisionHistoryLimit ?? 10)
  for (const set of idle.sort((a, b) => revisionOf(a) - revisionOf(b)).slice(0, Math.max(0, excess)))
    client.delete(replicaSets, set.metadata.name, set.metadata.namespace)
}

function writeStatus(
  { client, after, settling }: Context,
  deployment: Deployment,
  hash: string,
  revision: string | undefined,
  made: boolean,
  again: () => void,
): void {
  const sets = setsOf(client, deployment)
  const fresh = current(sets, hash)
  const sum = (of: readonly ReplicaSet[], field: string) => of.reduce((total, set) => total + (set.status[field] ?? 0), 0)
  const counts = {
    replicas: sum(sets, 'replicas'),
    updatedReplicas: fresh ? sum([fresh], 'replicas') : 0,
    readyReplicas: sum(sets, 'readyReplicas'),
    availableReplicas: sum(sets, 'availableReplicas'),
  }
  const wanted = deployment.spec.replicas
  const unavailable = Math.max(
    0,
    sum(
      sets.map((set) => ({ ...set, status: { replicas: set.spec.replicas } })),
      'replicas',
    ) - counts.availableReplicas,
  )
  const most =
    deployment.spec.strategy.type === 'Recreate'
      ? wanted
      : Math.floor(share(deployment.spec.strategy.rollingUpdate?.maxUnavailable ?? '25%', wanted, Math.floor))
  const enough = counts.availableReplicas >= wanted - Math.min(most, wanted)
  const old = deployment.status
  let conditions = withCondition(
    old.conditions,
    enough
      ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
      : {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        },
    true,
  )
  const progressing = old.conditions?.find(({ type }) => type === 'Progressing')
  const say = (status: string, reason: string, message: string) => {
    conditions = withCondition(conditions, { type: 'Progressing', status, reason, message }, true)
  }
  const complete = counts.updatedReplicas === wanted && counts.replicas === wanted && counts.availableReplicas === wanted
  const moved =
    counts.updatedReplicas > (old.updatedReplicas ?? 0) ||
    counts.readyReplicas > (old.readyReplicas ?? 0) ||
    counts.availableReplicas > (old.availableReplicas ?? 0) ||
    counts.replicas - counts.updatedReplicas < (old.replicas ?? 0) - (old.updatedReplicas ?? 0)
  const set = `ReplicaSet "${fresh?.metadata.name ?? ''}"`
  if (deployment.spec.paused) {
    if (progressing?.reason !== 'DeploymentPaused') say('Unknown', 'DeploymentPaused', 'Deployment is paused')
  } else if (progressing?.reason === 'DeploymentPaused') say('Unknown', 'DeploymentResumed', 'Deployment is resumed')
  else if (complete && fresh) {
    if (progressing?.reason !== 'NewReplicaSetAvailable' || !progressing.message?.startsWith(set))
      say('True', 'NewReplicaSetAvailable', `${set} has successfully progressed.`)
  } else if (made && fresh) say('True', 'NewReplicaSetCreated', `Created new replica set "${fresh.metadata.name}"`)
  else if (moved || (progressing?.reason === 'NewReplicaSetAvailable' && fresh && !progressing.message?.startsWith(set))) {
    say('True', 'ReplicaSetUpdated', `${set} is progressing.`)
    conditions = conditions.map((condition) => (condition.type === 'Progressing' ? { ...condition, lastUpdateTime: stamp() } : condition))
  } else if (progressing && progressing.reason !== 'NewReplicaSetAvailable' && fresh && !settling()) {
    const late = Date.parse(progressing.lastUpdateTime ?? '') + (deployment.spec.progressDeadlineSeconds ?? 600) * 1000
    if (late <= Date.now()) say('False', 'ProgressDeadlineExceeded', `${set} has timed out progressing.`)
  }
  const last = conditions.find(({ type }) => type === 'Progressing')
  if (!complete && last && last.status === 'True' && last.reason !== 'NewReplicaSetAvailable')
    after(
      Math.max(50, Date.parse(last.lastUpdateTime ?? '') + (deployment.spec.progressDeadlineSeconds ?? 600) * 1000 - Date.now() + 20),
      again,
    )
  const status = filled({
    observedGeneration: deployment.metadata.generation,
    ...counts,
    unavailableReplicas: unavailable,
    conditions,
    collisionCount: old.collisionCount,
  })
  if (isDeepStrictEqual(old, status) && (!revision || revisionOf(deployment) === Number(revision))) return
  const put = (draft: KubeObject) => {
    draft['status'] = status
    if (revision) draft.metadata.annotations = { ...draft.metadata.annotations, [`${own}revision`]: revision }
  }
  client.update(deployments, deployment.metadata.name, deployment.metadata.namespace, put, { subresource: 'status' })
}

/** A number or a percentage of `of`. */
export const share = (value: number | string, of: number, round: (n: number) => number): number =>
  typeof value === 'number' ? value : round((Number.parseInt(value, 10) * of) / 100)
