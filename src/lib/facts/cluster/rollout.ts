import { type Duration, minutes, seconds } from '../../clock.ts'
import { type Finding, fails, holds, hopeless } from '../../plan/finding.ts'
import type { Watching } from '../../plan/procedure.ts'
import { hasEnded, isLeaving, isReady, startedAt } from '../../pod-state.ts'
import { sh } from '../../shell.ts'
import type { Condition, Deployment, Pod } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { clipped } from './clipped.ts'
import { lastWordsOf, stuckBecause } from './unready.ts'

type Kube = Readers<'kube'>['kube']

/** A selector of the pods of a Deployment. */
export const podsOf = ({ metadata, spec }: Deployment): { readonly namespace: string; readonly labels: string } => ({
  namespace: metadata.namespace ?? '',
  labels: Object.entries(spec.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(','),
})

/** Whether its controller has seen the last change: what its status and conditions say is of that, and not of what was before. */
const isSeen = ({ metadata, status }: Deployment): boolean => (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)

/** Its controller has not yet seen the last change, or pods of two revisions stand side by side. */
export const isRollingOut = (deployment: Deployment): boolean => {
  const { spec, status } = deployment
  const updated = status?.updatedReplicas ?? 0
  return !isSeen(deployment) || updated < (spec.replicas ?? 1) || (status?.replicas ?? 0) > updated
}

/** Whether its strategy lets an old and a new pod run at once. */
export const surges = ({ spec: { strategy } }: Deployment): boolean => {
  if (strategy?.type === 'Recreate') return false
  return !/^0%?$/.test(String(strategy?.rollingUpdate?.maxSurge ?? '25%'))
}

/** One of a single pod that a rollout replaces without being without: the next is ready before it ends. */
export const startsFirst = (deployment: Deployment): boolean => {
  const { replicas, strategy, paused } = deployment.spec
  // Of one pod, a share below 100 % is rounded down to none that may be missing.
  return (
    replicas === 1 &&
    paused !== true &&
    surges(deployment) &&
    !/^([1-9]\d*|100%)$/.test(String(strategy?.rollingUpdate?.maxUnavailable ?? '25%'))
  )
}

/** What the start of one pod may take by its own startup probe, for every pod one after another, and a minute to spare. */
export const rolloutPatience = ({ spec }: Deployment): Duration => {
  const perPod = spec.template.spec.containers.map((container) => {
    const probe = container.startupProbe
    return probe ? (probe.failureThreshold ?? 3) * seconds(probe.periodSeconds ?? 10) : minutes(1)
  })
  return Math.max(...perPod, seconds(30)) * Math.max(1, spec.replicas ?? 1) + minutes(1)
}

/**
 * Every pod of the Deployment is ready and passes `fresh`; hopeless with the pod's reason and last words when it cannot come to be.
 * What has ended or is leaving counts nowhere. The workload is not named: the step's title does.
 */
export const rolledOut = async (
  kube: Kube,
  target: { readonly namespace: string; readonly name: string; readonly replicas: number },
  fresh: (pod: Pod) => boolean,
): Promise<Finding> => {
  const deployment = await kube.get('Deployment', target.name, target.namespace)
  if (!deployment) return hopeless(`there is no Deployment ${target.name} any more`)
  if (!isSeen(deployment)) return fails('its controller has not yet seen the change')
  const pods = (await kube.pods(podsOf(deployment))).filter((pod) => !hasEnded(pod) && !isLeaving(pod))
  const stale = pods.filter((pod) => !fresh(pod))
  const unready = pods.filter((pod) => fresh(pod) && !isReady(pod))
  for (const pod of unready) {
    const stuck = stuckBecause(pod)
    if (stuck) return hopeless(`${pod.metadata.name} is in ${stuck}${await lastWordsOf(kube, pod)}`)
  }
  const stopped = conditionOf(deployment, 'Progressing', 'False')
  if (stopped && isOfThisChange(stopped, deployment)) return hopeless(stopped.message ?? stopped.reason ?? 'the rollout does not progress')
  // A quota has room again when an old pod is gone, and a webhook may come back: no more than a reason to wait.
  const refused = conditionOf(deployment, 'ReplicaFailure', 'True')
  const why = refused?.message ? `; no more can be made: ${clipped(refused.message, 200)}` : ''
  // Paused in mid-run by somebody else: no patience replaces a pod.
  if (stale.length > 0 && deployment.spec.paused)
    return hopeless(
      `its rollout is paused, and ${stale.length} of ${pods.length} pods are still the old ones`,
      sh`honeydue deploy:resume ${target.name}`,
    )
  if (stale.length > 0) return fails(`${stale.length} of ${pods.length} pods are still the old ones${why}${await saidBy(kube, unready)}`)
  const ready = pods.length - unready.length
  if (ready < target.replicas) return fails(`${ready} of ${target.replicas} pods are ready${why}${await saidBy(kube, unready)}`)
  return isRollingOut(deployment) || (deployment.spec.replicas ?? 1) !== target.replicas ? fails('it is still rolling out') : holds
}

/** Sees a Deployment and its pods change. */
export const watchingRollout =
  (deployment: Deployment): Watching<'kube'> =>
  async ({ kube }, changed, signal) => {
    const { name, namespace = '' } = deployment.metadata
    await Promise.all([
      kube.watch('Deployment', { namespace, fields: `metadata.name=${name}` }, changed, signal),
      kube.watch('Pod', podsOf(deployment), changed, signal),
    ])
  }

/** None of the pods that started before `since` (RFC 3339) runs any more; one on its way out still does. */
export const noneLeft = (pods: readonly Pod[], since: string): Finding => {
  const old = pods.filter((pod) => !hasEnded(pod) && startedAt(pod) < since)
  const [first] = old
  if (!first) return holds
  const where = first.spec.nodeName === undefined ? '' : ` on ${first.spec.nodeName}`
  const many = old.length === 1 ? 'an old pod is' : `${old.length} old pods are`
  return fails(`${many} left: ${first.metadata.name}${isLeaving(first) ? ', on its way out' : ''}${where}`)
}

const conditionOf = ({ status }: Deployment, type: string, is: string): Condition | undefined =>
  status?.conditions?.find((one) => one.type === type && one.status === is)

/**
 * Whether the condition came after the Deployment was last written: one that timed out before stays until the new pods progress,
 * also when its controller has seen the change (scaling up, or going back to an old template).
 */
const isOfThisChange = ({ lastUpdateTime, lastTransitionTime }: Condition, { metadata }: Deployment): boolean => {
  const written = (metadata.managedFields ?? []).flatMap(({ subresource, time }) => (subresource === undefined ? (time ?? []) : []))
  return (lastUpdateTime ?? lastTransitionTime ?? '') > (written.sort().at(-1) ?? metadata.creationTimestamp ?? '')
}

const saidBy = async (kube: Kube, [first]: readonly Pod[]): Promise<string> => (first ? lastWordsOf(kube, first) : '')
