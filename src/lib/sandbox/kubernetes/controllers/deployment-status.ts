import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../types.ts'
import type { Context } from './context.ts'
import { current, type Deployment, own, revisionOf, setsOf, share } from './deployment-sets.ts'
import { deployments, filled, stamp, withCondition } from './objects.ts'
import type { ReplicaSet } from './replica-set.ts'

/** Says in a Deployment's status how far its rollout is; `revision` is that of the set with its template, `made` that it has just been created. */
export function writeStatus(
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
