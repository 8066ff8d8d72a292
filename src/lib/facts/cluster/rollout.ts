import { type Duration, minutes, seconds } from '../../clock.ts'
import { type Finding, fails, holds, hopeless } from '../../plan/finding.ts'
import type { Deployment, Pod } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'

type Kube = Readers<'kube'>['kube']

/** A selector of the pods of a Deployment. */
export const podsOf = ({ metadata, spec }: Deployment): { readonly namespace: string; readonly labels: string } => ({
  namespace: metadata.namespace ?? '',
  labels: Object.entries(spec.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(','),
})

/** Its controller has not yet seen the last change, or pods of two revisions stand side by side. */
export const isRollingOut = ({ metadata, spec, status }: Deployment): boolean =>
  (status?.observedGeneration ?? 0) < (metadata.generation ?? 0) ||
  (status?.updatedReplicas ?? 0) < (spec.replicas ?? 1) ||
  (status?.replicas ?? 0) > (status?.updatedReplicas ?? 0)

/** Whether its strategy lets an old and a new pod run at once. */
export const surges = ({ spec: { strategy } }: Deployment): boolean => {
  if (strategy?.type === 'Recreate') return false
  return !/^0%?$/.test(String(strategy?.rollingUpdate?.maxSurge ?? '25%'))
}

/** What the start of one pod may take by its own startup probe, for every pod one after another, and a minute to spare. */
export const rolloutPatience = ({ spec }: Deployment): Duration => {
  const perPod = spec.template.spec.containers.map((container) => {
    const probe = container.startupProbe
    return probe ? (probe.failureThreshold ?? 3) * seconds(probe.periodSeconds ?? 10) : minutes(1)
  })
  return Math.max(...perPod, seconds(30)) * Math.max(1, spec.replicas ?? 1) + minutes(1)
}

/** Every pod of the Deployment is ready and passes `fresh`, no other is left; hopeless with the pod's reason and last words when it cannot come to be. */
export const rolledOut = async (
  kube: Kube,
  target: { readonly namespace: string; readonly name: string; readonly replicas: number },
  fresh: (pod: Pod) => boolean,
): Promise<Finding> => {
  const deployment = await kube.get('Deployment', target.name, target.namespace)
  if (!deployment) return hopeless(`Deployment ${target.name} is gone`)
  const pods = await kube.pods(podsOf(deployment))
  const stale = pods.filter((pod) => !fresh(pod))
  const unready = pods.filter((pod) => fresh(pod) && !isReady(pod))
  for (const pod of unready) {
    const stuck = stuckBecause(pod)
    if (stuck) return hopeless(`${pod.metadata.name} ${stuck}${await lastWords(kube, pod)}`)
  }
  const failed = deployment.status?.conditions?.find(({ type, status }) => type === 'Progressing' && status === 'False')
  if (failed) return hopeless(`Deployment ${target.name}: ${failed.message ?? failed.reason ?? 'its rollout does not progress'}`)
  if (stale.length > 0) return fails(`${stale.length} of ${pods.length} pods of ${target.name} are still the old ones`)
  const ready = pods.length - unready.length
  if (ready < target.replicas) {
    const [first] = unready
    return fails(`${ready} of ${target.replicas} pods of ${target.name} are ready${first ? await lastWords(kube, first) : ''}`)
  }
  return isRollingOut(deployment) || (deployment.spec.replicas ?? 1) !== target.replicas
    ? fails(`${target.name} is still rolling out`)
    : holds
}

const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true

/** Reasons that no waiting cures. */
const stuck = new Set(['CrashLoopBackOff', 'ImagePullBackOff', 'ErrImagePull', 'InvalidImageName', 'CreateContainerConfigError'])

const stuckBecause = ({ status }: Pod): string | undefined => {
  for (const { state } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    const reason = state?.waiting?.reason
    if (reason !== undefined && stuck.has(reason)) return `is in ${reason}${state?.waiting?.message ? ` (${state.waiting.message})` : ''}`
  }
  return undefined
}

const lastWords = async (kube: Kube, { metadata }: Pod): Promise<string> => {
  const at = { namespace: metadata.namespace ?? '', pod: metadata.name, tail: 2 }
  const lines = await kube.log(at).catch(() => [])
  const before = lines.length > 0 ? lines : await kube.log({ ...at, previous: true }).catch(() => [])
  return before.length > 0 ? `; ${metadata.name} says last: ${before.join(' / ')}` : ''
}
