import { reasonOf } from '../../errors.ts'
import type { Observation } from '../../plan/report.ts'
import { inCluster } from '../nodes/findings.ts'
import type { ClusterHealth } from './gather.ts'

type Unwell = ClusterHealth['unwell'][number]

const clipped = (text: string, length: number): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > length ? `${line.slice(0, length - 1)}…` : line
}

const groupsOf = (pods: readonly Unwell[]): readonly (readonly Unwell[])[] => {
  const groups = new Map<string, Unwell[]>()
  for (const pod of pods) {
    const key = [pod.namespace, pod.owner, pod.reason].join('\0')
    const group = groups.get(key)
    if (group) group.push(pod)
    else groups.set(key, [pod])
  }
  return [...groups.values()]
}

// A log says more than the message where both are there: "back-off 40s restarting failed container" is only the consequence.
const podFinding = (group: readonly Unwell[]): Observation[] => {
  const first = group.find(({ lastLine }) => lastLine !== undefined) ?? group[0]
  if (!first) return []
  const { namespace, owner, reason, last, message, lastLine, pod, wrong, log } = first
  const many = group.length === 1 ? 'a pod is' : `${group.length} pods are`
  const why = lastLine ?? message
  const restarts = Math.max(...group.map((one) => one.restarts))
  const details = [...(restarts > 0 ? [`${restarts} restarts`] : []), ...(last === undefined ? [] : [`last ${last}`])]
  const container = first.container === undefined || owner.endsWith(` ${first.container}`) ? '' : ` -c ${first.container}`
  return [
    {
      level: wrong ? 'wrong' : 'warning',
      text: `${owner} in ${namespace}: ${many} ${reason}${details.length > 0 ? ` (${details.join(', ')})` : ''}${why ? `: ${clipped(why, 160)}` : ''}`,
      next: log
        ? `kubectl -n ${namespace} logs ${pod}${container}${log === 'previous' ? ' --previous' : ''} --tail 50`
        : `kubectl -n ${namespace} describe pod ${pod}`,
    },
  ]
}

/** What is wrong in a cluster, worst first: nodes, then workloads, their pods, claims; what may pass by itself last. */
export const clusterFindings = (health: ClusterHealth, aliasOf: (hostname: string) => string): readonly Observation[] => {
  const found: Observation[] = [
    ...health.unread.map(
      ({ kind, error }): Observation => ({
        level: 'wrong',
        text: `${kind}s cannot be read: ${reasonOf(error)}`,
        next: `kubectl auth can-i list ${kind.toLowerCase()}s -A`,
      }),
    ),
    ...health.nodes.flatMap((node) => inCluster(node, aliasOf(node.name))),
    ...health.below.map(
      ({ kind, namespace, name, ready, wanted, also, wrong }): Observation => ({
        level: wrong ? 'wrong' : 'warning',
        text: `${kind} ${name} in ${namespace}: ${[`${ready} of ${wanted} pods are ready`, ...also].join('; ')}`,
        next: `kubectl -n ${namespace} describe ${kind.toLowerCase()} ${name}`,
      }),
    ),
    ...groupsOf(health.unwell).flatMap(podFinding),
    ...health.claims.map(
      ({ namespace, name, phase, storageClass }): Observation => ({
        level: 'wrong',
        text: `Claim ${name} in ${namespace} has no volume: ${phase}${storageClass === undefined ? '' : `, storage class ${storageClass}`}`,
        next: `kubectl -n ${namespace} describe pvc ${name}`,
      }),
    ),
  ]
  const events = health.warnings.reduce((sum, { count }) => sum + count, 0)
  const told: Observation[] =
    events > 0 && found.length === 0 ? [{ level: 'warning', text: `${events} warning events in the last hour, and nothing wrong now` }] : []
  return [...found.filter(({ level }) => level === 'wrong'), ...found.filter(({ level }) => level === 'warning'), ...told]
}

export { clipped }
