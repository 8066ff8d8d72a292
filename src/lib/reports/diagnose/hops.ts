import { coversHost } from '../../certificates.ts'
import { counted } from '../../counted.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import { mebibytes } from '../../facts/cache/mebibytes.ts'
import { jobName } from '../../facts/db/migrate-job.ts'
import { saidEverywhere } from '../../facts/edge/ailments.ts'
import { isWell, statusInWords, urlOf } from '../../facts/edge/public-names.ts'
import { jobAilments } from '../../facts/queue/ailments.ts'
import type { Observation } from '../../plan/report.ts'
import { refusesWrites, serverFindings } from '../cache/findings.ts'
import { certificateParts } from '../cert/findings.ts'
import { clusterParts } from '../cluster/findings.ts'
import { lockFindings } from '../db/lock-findings.ts'
import { migrationFindings } from '../db/migration-findings.ts'
import { databaseFindings } from '../db/status-findings.ts'
import { releaseFindings } from '../deploy/findings.ts'
import { edgeParts } from '../edge/findings.ts'
import { firewallFindings } from '../firewall/findings.ts'
import { nodeFindings } from '../nodes/findings.ts'
import type { Seen } from './look.ts'
import { aliasIn, lostFindings, lostNodes, names } from './lost.ts'

/** One place on the way of a request, from outside in. */
export interface Hop {
  readonly what: string
  /** The report that shows more of it. */
  readonly shows: string
  /** What is its own fault, the gravest first. */
  readonly findings: readonly Observation[]
  /** What was seen where nothing is wrong: what is ruled out with it. */
  readonly well: string
  /** Why it could not be asked. */
  readonly unknown?: { readonly because: string; readonly next?: string }
}

const unknownOf = (one: { readonly answered: boolean; readonly error?: unknown }): Pick<Hop, 'unknown'> => {
  if (one.answered) return {}
  const next = one.error instanceof Trouble ? one.error.next : undefined
  return { unknown: { because: reasonOf(one.error), ...(next !== undefined && { next }) } }
}

/** What customers get, in a line a name that is not well. */
export const illNames = ({ edge }: Seen): readonly { readonly name: string; readonly status?: number; readonly said: string }[] => {
  if (!edge.answered) return []
  const { deployment, names: all, answers } = edge.value
  return all.flatMap((name) => {
    const answer = answers.get(name)
    if (!answer) return []
    if ('because' in answer) return [{ name, said: answer.because }]
    const { status } = answer.value
    return isWell(deployment, urlOf(deployment, name), status) ? [] : [{ name, status, said: statusInWords(status) }]
  })
}

const namesHop = (seen: Seen): Hop => {
  const { edge } = seen
  const base = { what: 'names', shows: 'edge:status' }
  if (!edge.answered) return { ...base, findings: [], well: '', ...unknownOf(edge) }
  const { customers, records, zone, unread } = edgeParts(edge.value)
  // A name without an address is its own fault; every other answer only shows that something behind it is.
  const addressless = customers.filter((_, i) => illNames(seen)[i]?.status === 530)
  const drained = environmentNodes(seen).flatMap((alias) => edgeParts(edge.value).nodes.get(alias) ?? [])
  return {
    ...base,
    findings: [...addressless, ...records, ...drained.filter(({ next }) => next?.startsWith('honeydue edge:restore')), ...zone, ...unread],
    well: `${counted(edge.value.names.length, 'name')} ${edge.value.names.length === 1 ? 'answers' : 'answer'}, through ${counted(edge.value.deployment.nodes.length, 'node')}`,
  }
}

const environmentNodes = ({ environment }: Seen): readonly string[] => environment.nodes.map(({ alias }) => alias)

/** What a hop says only because a node is away is said of the node. */
const butLost =
  (seen: Seen) =>
  ({ text }: Observation): boolean =>
    !lostNodes(seen).some((alias) => names(alias, text))

const edgeHop = (seen: Seen): Hop => {
  const { certificate, firewall, cluster, now } = seen
  const parts = certificate.answered ? certificateParts(certificate.value, now) : { served: [], kept: [] }
  // What only says again that the API is away is said of the cluster.
  const served = cluster.answered ? parts.served : []
  const doors = firewall.answered ? firewallFindings(firewall.value) : []
  return {
    what: 'edge',
    shows: served.length > 0 || doors.length === 0 ? 'cert:status' : 'firewall:status',
    findings: [...served, ...doors, ...parts.kept].filter(butLost(seen)),
    well: 'the certificate is the one that Cloudflare accepts, and every node lets Cloudflare in',
    ...unknownOf(certificate.answered ? firewall : certificate),
  }
}

const nodesHop = (seen: Seen): Hop => {
  const { nodes } = seen
  const all = environmentNodes(seen).length
  return {
    what: 'nodes',
    shows: 'nodes:status',
    findings: [
      ...lostFindings(seen),
      ...(nodes.answered
        ? nodeFindings(nodes.value)
            .filter(butLost(seen))
            .filter(({ text }) => !text.startsWith('No answer from the Kubernetes API'))
        : []),
    ],
    well: `${all} of ${all} answer and are Ready`,
    ...unknownOf(nodes),
  }
}

const isOfTraefik = (workload: string | undefined): boolean => /^(svclb-)?traefik(-|$)/.test(workload ?? '')

const partsOf = (seen: Seen) => {
  const { cluster, environment, migrations } = seen
  if (!cluster.answered) return []
  return clusterParts(cluster.value, { namespace: environment.namespace, aliasOf: aliasIn(seen) }).filter(
    ({ node, workload }) => !node && !(workload === jobName && migrations.answered),
  )
}

const traefikHop = (seen: Seen): Hop => {
  const { edge, cluster } = seen
  const lost = lostNodes(seen)
  const ill = edge.answered ? [...edgeParts(edge.value).nodes].filter(([alias]) => !lost.includes(alias)).flatMap(([, found]) => found) : []
  return {
    what: 'Traefik',
    shows: 'edge:status',
    findings: [
      ...unrouted(seen),
      ...partsOf(seen).flatMap(({ workload, finding }) => (isOfTraefik(workload) ? [finding] : [])),
      ...ill.filter(({ next }) => !next?.startsWith('honeydue edge:restore')),
    ],
    well: 'every node answers every name itself',
    ...unknownOf(edge.answered ? cluster : edge),
  }
}

/** Names that every node answers 404, and that no Ingress with the origin certificate names: nothing routes to them, whatever else is well. */
const unrouted = ({ edge, certificate }: Seen): readonly Observation[] => {
  if (!edge.answered || !certificate.answered || !certificate.value.places.answered) return []
  const { hosts } = certificate.value.places.value
  return edge.value.names
    .filter((name) => !coversHost(hosts, name) && saidEverywhere(edge.value, name, 404))
    .map((name) => ({ level: 'wrong', text: `${name} answers 404 at every node, and no Ingress names it`, next: 'honeydue config:diff' }))
}

/** One finding a workload: in the words of the cluster, which quote its pods, with the command of the deployment, which cures. */
const workloadsHop = (seen: Seen): Hop => {
  const { cluster, deployed, environment } = seen
  const parts = partsOf(seen).filter(({ workload }) => !isOfTraefik(workload))
  const releases = deployed.answered
    ? deployed.value.releases.map((release) => ({
        workload: release.name,
        found: releaseFindings(release, deployed.value, environment),
      }))
    : []
  const merged = parts.flatMap(({ workload, finding }): readonly Observation[] => {
    const cure = releases.find((one) => one.workload === workload)?.found.find(({ level }) => level === finding.level)
    return [cure?.next === undefined ? finding : { ...finding, next: cure.next }]
  })
  const isTold = (workload: string, { level }: Observation) =>
    parts.some((one) => one.workload === workload && (one.finding.level === level || one.finding.level === 'wrong'))
  return {
    what: 'workloads',
    shows: 'cluster:health',
    findings: [...merged, ...releases.flatMap(({ workload, found }) => found.filter((one) => !isTold(workload, one)))].filter(
      butLost(seen),
    ),
    well: cluster.answered
      ? `${counted(cluster.value.workloadCount, 'workload')} and ${counted(cluster.value.podCount, 'pod')} are as they ought to be`
      : '',
    ...unknownOf(cluster),
  }
}

const databaseHop = (seen: Seen): Hop => {
  const { database, migrations, environment } = seen
  const activity = database.answered ? database.value.activity : database
  return {
    what: 'database',
    shows: 'db:status',
    findings: [
      ...(database.answered ? databaseFindings(database.value, environment) : []),
      ...(activity.answered ? lockFindings(activity.value) : []),
      ...(migrations.answered ? migrationFindings(migrations.value) : []),
    ].filter(butLost(seen)),
    well: `the ${(database.answered && database.value.inUse?.endpoint) || 'endpoint'} in use answers, nobody waits for a lock, the schema is the image's`,
    ...unknownOf(database.answered ? (migrations.answered ? activity : migrations) : database),
  }
}

const redisHop = ({ cache }: Seen): Hop => {
  const info = cache.answered ? cache.value.info : undefined
  return {
    what: 'Redis',
    shows: 'cache:status',
    findings: info ? serverFindings(info) : [],
    well: info
      ? `uses ${mebibytes(info.usedMemory)}${info.maxMemory ? ` of ${mebibytes(info.maxMemory)}` : ''}, ${info.policy}`
      : 'it answers',
    ...unknownOf(cache),
  }
}

const nothingGoesIn: Observation = { level: 'wrong', text: 'No job can be put into the queue: Redis refuses every write' }

const queueHop = ({ jobs, cache }: Seen): Hop => ({
  what: 'job queue',
  shows: 'queue:status',
  findings: [
    ...(cache.answered && cache.value.info && refusesWrites(cache.value.info) ? [nothingGoesIn] : []),
    ...(jobs.answered ? jobAilments(jobs.value) : []),
  ],
  well: 'one scheduler and a worker live, no queue is paused',
  ...unknownOf(jobs),
})

/** The way of a request, from outside in. */
export const hopsOf = (seen: Seen): readonly Hop[] =>
  [namesHop, edgeHop, nodesHop, traefikHop, workloadsHop, databaseHop, redisHop, queueHop].map((hop) => hop(seen))
