import { clipped } from '../../facts/cluster/clipped.ts'
import type { Below } from '../../facts/cluster/workloads.ts'
import type { Observation } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import type { Sick } from './gather.ts'
import { causeLength, groupNext, groupSaid, groupsOf } from './pod-findings.ts'

/** A workload that is not as it should be, and why: what refuses its pods, or what its pods suffer from, in one sentence. */
export const workloadFinding = (
  { kind, namespace, name, ready, wanted, also, refused, wrong }: Below,
  pods: readonly Sick[],
  own?: string,
): Observation => {
  const groups = groupsOf(pods)
  const worst = groups.find(([first]) => first?.wrong) ?? groups[0]
  const parts = [
    `${ready} of ${wanted} pods are ready`,
    ...(refused === undefined ? [] : [`no more can be made: ${clipped(refused, causeLength)}`]),
    ...groups.map(groupSaid),
    ...also.map((one) => clipped(one, causeLength)),
  ]
  const rolls = kind === 'Deployment' && namespace === own && refused === undefined && ready > 0 && also.length > 0
  // While others serve, pods that have just been made may become ready by themselves.
  const starting =
    ready > 0 && refused === undefined && also.length === 0 && pods.length >= wanted - ready && !pods.some((pod) => pod.wrong)
  return {
    level: wrong && !starting ? 'wrong' : 'warning',
    text: `${kind} ${name} in ${namespace}: ${parts.join('; ')}`,
    // New pods that have not come to a log wait for their image: which one serves, and the way back to it, is there.
    next:
      rolls && worst?.[0] && !worst[0].log
        ? 'honeydue deploy:status'
        : (refused === undefined && worst && groupNext(worst)) || sh`kubectl -n ${namespace} describe ${kind.toLowerCase()} ${name}`,
  }
}

/** Whether these pods are of this workload. */
export const isOf =
  ({ kind, namespace, name }: Below) =>
  (pod: Sick): boolean =>
    pod.namespace === namespace && pod.owner === `${kind} ${name}`
