import { type Answer, answer, valueOr } from '../../facts/answer.ts'
import { type UnboundClaim, unboundClaim } from '../../facts/cluster/claims.ts'
import { type Ended, endedPods } from '../../facts/cluster/ended.ts'
import { type EventGroup, recentWarnings, warningAbout } from '../../facts/cluster/events.ts'
import { type FailedJob, failedJobs } from '../../facts/cluster/jobs.ts'
import { lastWords, lastWordsTail } from '../../facts/cluster/last-words.ts'
import { type BrokenRule, brokenRules } from '../../facts/cluster/own-rules.ts'
import { type Unwell, unwell } from '../../facts/cluster/pods.ts'
import { type Below, daemonSetBelow, deploymentBelow, statefulSetBelow } from '../../facts/cluster/workloads.ts'
import { apiNodes } from '../../facts/nodes/api-nodes.ts'
import type { ApiNode } from '../../facts/nodes/survey.ts'
import type { Context } from '../../plan/context.ts'
import type { Kind, Kinds, KubeEvent, KubeReader, Pod } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { askElsewhere } from './elsewhere.ts'

/** A pod that is not well, with what others say of it. */
export type Sick = Unwell & {
  /** Of its log, the line that names the error. */
  readonly lastLine?: string
  /** The warning event about it that says most. */
  readonly event?: string
}

/** What cluster:health looks at; a kind that could not be read is named, with its error. */
export interface ClusterHealth {
  readonly nodes: readonly ApiNode[]
  /** Those that have not ended. */
  readonly podCount: number
  readonly unwell: readonly Sick[]
  readonly ended: readonly Ended[]
  readonly below: readonly Below[]
  readonly workloadCount: number
  readonly failedJobs: readonly FailedJob[]
  readonly claims: readonly (UnboundClaim & { readonly event?: string })[]
  readonly claimCount: number
  readonly warnings: readonly EventGroup[]
  readonly unread: readonly { readonly kind: Kind; readonly error: unknown }[]
  /** What was asked of others than Kubernetes, and why it is not known. */
  readonly notKnown: readonly string[]
  /** Rules of the deployment that do not hold. */
  readonly rules: readonly BrokenRule[]
}

/** Logs are read of so many pods at most: the first of each workload say what the others would. */
const logsOf = 12

/** Reads everything at once. Throws what the API answered when it answered nothing. */
export const gatherClusterHealth = async (
  { kube, ...others }: Readers<'kube' | 'redis' | 'postgres'>,
  { environment, clock }: Context,
): Promise<ClusterHealth> => {
  const now = clock.now()
  const elsewhere = askElsewhere(others, { environment, clock })
  const unread: { kind: Kind; error: unknown }[] = []
  let answered = 0
  const list = async <K extends Kind>(kind: K): Promise<readonly Kinds[K][] | undefined> => {
    const found: Answer<readonly Kinds[K][]> = await answer(kube.list(kind, kind === 'Event' ? { fields: 'type=Warning' } : {}))
    if (found.answered) answered++
    else unread.push({ kind, error: found.error })
    return valueOr(found, undefined)
  }
  const [
    nodes = [],
    seenPods,
    seenDeployments,
    daemonSets = [],
    statefulSets = [],
    jobs = [],
    seenClaims,
    classes,
    volumes,
    events = [],
    config,
  ] = await Promise.all([
    list('Node'),
    list('Pod'),
    list('Deployment'),
    list('DaemonSet'),
    list('StatefulSet'),
    list('Job'),
    list('PersistentVolumeClaim'),
    list('StorageClass'),
    list('PersistentVolume'),
    list('Event'),
    answer(kube.get('ConfigMap', environment.database.configMap, environment.namespace)),
  ])
  const [pods, deployments, claims] = [seenPods ?? [], seenDeployments ?? [], seenClaims ?? []]
  if (answered === 0) throw unread[0]?.error
  const machines = apiNodes(nodes, pods)
  const silent = new Set(machines.flatMap(({ name, ready }) => (ready ? [] : [name])))
  const sick = unwellPods(pods, now, silent).map((pod) => withEvent(pod, events, now))
  return {
    nodes: machines,
    podCount: machines.reduce((sum, node) => sum + node.pods, 0),
    unwell: await withLogs(kube, sick),
    ended: endedPods(pods),
    below: [
      ...deployments.flatMap((one) => deploymentBelow(one) ?? []),
      ...daemonSets.flatMap((one) => daemonSetBelow(one) ?? []),
      ...statefulSets.flatMap((one) => statefulSetBelow(one) ?? []),
    ].map((below) => withRefusal(below, events, now)),
    workloadCount: deployments.length + daemonSets.length + statefulSets.length,
    failedJobs: failedJobs(jobs),
    claims: claims.flatMap((claim) => {
      const unbound = unboundClaim(claim, classes)
      if (!unbound) return []
      const { namespace, name } = unbound
      const event = warningAbout(events, now, { kind: 'PersistentVolumeClaim', namespace, name: (one) => one === name })
      return [{ ...unbound, ...(event !== undefined && { event }) }]
    }),
    claimCount: claims.length,
    warnings: recentWarnings(events, now),
    unread,
    rules: brokenRules(environment, {
      deployments: seenDeployments,
      pods: seenPods,
      config: valueOr(config, undefined),
      claims: seenClaims,
      volumes,
      ...(await elsewhere).known,
    }),
    notKnown: (await elsewhere).notKnown,
  }
}

const unwellPods = (pods: readonly Pod[], now: Date, silent: ReadonlySet<string>): readonly Unwell[] =>
  pods.flatMap((pod) => unwell(pod, now, silent) ?? []).sort((a, b) => Number(b.wrong) - Number(a.wrong) || a.owner.localeCompare(b.owner))

const withEvent = (pod: Unwell, events: readonly KubeEvent[], now: Date): Sick => {
  const event = warningAbout(events, now, { kind: 'Pod', namespace: pod.namespace, name: (one) => one === pod.pod })
  return event === undefined ? pod : { ...pod, event }
}

/** A StatefulSet or DaemonSet has no condition for it, and a Deployment's comes a moment after its ReplicaSet's event. */
const withRefusal = (below: Below, events: readonly KubeEvent[], now: Date): Below => {
  if (below.refused !== undefined || below.made >= below.wanted) return below
  const { kind, namespace, name } = below
  const isIts = (one: string) =>
    kind === 'Deployment' ? one.startsWith(`${name}-`) && !one.slice(name.length + 1).includes('-') : one === name
  const refused = warningAbout(events, now, {
    kind: kind === 'Deployment' ? 'ReplicaSet' : kind,
    namespace,
    name: isIts,
    reasons: ['FailedCreate'],
  })
  return refused === undefined ? below : { ...below, refused }
}

const withLogs = (kube: KubeReader, pods: readonly Sick[]): Promise<readonly Sick[]> =>
  Promise.all(
    pods.map(async (pod, index) => {
      if (pod.log === undefined || index >= logsOf) return pod
      const { namespace, pod: name, container } = pod
      const of = { namespace, pod: name, ...(container !== undefined && { container }), tail: lastWordsTail }
      const line = lastWords(valueOr(await answer(kube.log({ ...of, previous: pod.log === 'previous' })), []))
      return line ? { ...pod, lastLine: line } : pod
    }),
  )
