import { reasonOf } from '../../errors.ts'
import { clipped } from '../../facts/cluster/clipped.ts'
import type { Ended } from '../../facts/cluster/ended.ts'
import type { FailedJob } from '../../facts/cluster/jobs.ts'
import type { Below } from '../../facts/cluster/workloads.ts'
import type { Observation } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import type { ClusterHealth } from './gather.ts'
import { nodeFindings } from './lost-nodes.ts'
import { causeLength, groupsOf, podFinding } from './pod-findings.ts'
import { isOf, workloadFinding } from './workload-findings.ts'

const jobFinding = ({ namespace, name, reason, message }: FailedJob): Observation => ({
  level: 'wrong',
  text: `Job ${name} in ${namespace} has failed: ${clipped([reason, message].filter(Boolean).join(': '), causeLength)}`,
  next: sh`kubectl -n ${namespace} describe job ${name}`,
})

const claimFinding = ({ namespace, name, phase, storageClass, unknownClass, event }: ClusterHealth['claims'][number]): Observation => {
  const ofClass = storageClass ? `, storage class ${storageClass}${unknownClass ? ', which is not there' : ''}` : ''
  return {
    level: 'wrong',
    text: `Claim ${name} in ${namespace} has no volume: ${phase}${ofClass}${event === undefined ? '' : `: ${clipped(event, causeLength)}`}`,
    next: sh`kubectl -n ${namespace} describe pvc ${name}`,
  }
}

/** Nothing is wrong with what has ended: what takes its place is judged by itself. */
const endedFinding = ({ namespace, owner, reason, pods, message, replaced }: Ended): Observation => {
  const many = pods.length === 1 ? 'an ended pod is' : `${pods.length} ended pods are`
  return {
    level: 'warning',
    text: `${owner} in ${namespace}: ${many} left over (${reason}${message ? `: ${clipped(message, causeLength)}` : ''})${replaced ? '' : '; nothing starts another'}`,
    next: 'honeydue cluster:tidy',
  }
}

const ruleFinding = ({ wrong, text, next }: ClusterHealth['rules'][number]): Observation => ({
  level: wrong ? 'wrong' : 'warning',
  text,
  next,
})

/** One finding, and the workload that it is about, where it is about one. */
export interface About {
  readonly workload?: string
  readonly node?: true
  readonly finding: Observation
}

const plain = (finding: Observation): About => ({ finding })

/** What is wrong in a cluster, each with what it is about: the deployment's own rules, nodes with all that is away with them, workloads with why, Jobs, claims. */
export const clusterParts = (
  health: ClusterHealth,
  of: { readonly namespace: string; readonly aliasOf: (hostname: string) => string },
): readonly About[] => {
  const { findings: nodes, explained } = nodeFindings(health, of)
  // One that is scaled to nothing has no more to say than the rule that it breaks.
  const isTold = ({ kind, namespace, name, wanted }: Below) =>
    kind === 'Deployment' && wanted === 0 && namespace === of.namespace && health.rules.some(({ workload }) => workload === name)
  const below = health.below.filter((one) => !explained.below.includes(one) && !isTold(one))
  const unwell = health.unwell.filter((one) => !explained.pods.includes(one))
  const alone = unwell.filter((pod) => !below.some((one) => isOf(one)(pod)))
  const isRead = (kind: string) => !health.unread.some((one) => one.kind === kind)
  return [
    ...health.rules.map((rule) => ({ ...(rule.workload !== undefined && { workload: rule.workload }), finding: ruleFinding(rule) })),
    ...health.unread.map(
      ({ kind, error }): About => ({
        finding: {
          level: 'wrong',
          text: `${kind}s cannot be read: ${reasonOf(error)}`,
          next: sh`kubectl auth can-i list ${kind.toLowerCase()}s -A`,
        },
      }),
    ),
    ...(health.nodes.length === 0 && isRead('Node')
      ? [
          plain({
            level: 'wrong',
            text: 'The cluster has no node: this is another cluster, or what is left of one',
            next: 'honeydue doctor',
          }),
        ]
      : []),
    ...nodes.map((finding): About => ({ node: true, finding })),
    ...below.map((one): About => ({ workload: one.name, finding: workloadFinding(one, unwell.filter(isOf(one)), of.namespace) })),
    ...groupsOf(alone).flatMap((group) =>
      podFinding(group).map((finding): About => ({ workload: (group[0]?.owner ?? '').replace(/^\w+ /, ''), finding })),
    ),
    ...health.failedJobs.map((job): About => ({ workload: job.name, finding: jobFinding(job) })),
    ...health.claims.map(claimFinding).map(plain),
    ...health.ended.map(endedFinding).map(plain),
  ]
}

/** What is wrong in a cluster, in that order; what may pass by itself last. */
export const clusterFindings = (health: ClusterHealth, of: Parameters<typeof clusterParts>[1]): readonly Observation[] => {
  const found = clusterParts(health, of).map(({ finding }) => finding)
  const events = health.warnings.reduce((sum, { count }) => sum + count, 0)
  const told: Observation[] =
    events > 0 && found.length === 0 ? [{ level: 'warning', text: `${events} warning events in the last hour, and nothing wrong now` }] : []
  return [...found.filter(({ level }) => level === 'wrong'), ...found.filter(({ level }) => level === 'warning'), ...told]
}
