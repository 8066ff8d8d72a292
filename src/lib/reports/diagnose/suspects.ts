import { reasonOf, Trouble } from '../../errors.ts'
import { illEverywhere } from '../../facts/edge/ailments.ts'
import type { Observation } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import { type Hop, illNames } from './hops.ts'
import type { Seen } from './look.ts'
import { lostFindings, lostNodes } from './lost.ts'

/** What may be the cause, and at which hop it was seen. */
export interface Suspect {
  readonly hop: string
  readonly finding: Observation
  /** It could not be asked: less than what was seen to be wrong. */
  readonly unseen?: true
}

/** What is deeper comes first, because what stands before it fails with it: a dead node takes pods along, a database that is away the api. */
const depth: Readonly<Record<string, number>> = {
  cluster: 0,
  lost: 1,
  names: 2,
  edge: 3,
  stopped: 4,
  database: 5,
  Redis: 6,
  workloads: 7,
  Traefik: 8,
  nodes: 9,
  'job queue': 10,
}

/** Where the cause of an answer of the edge lies; every other bad answer comes from behind Traefik. */
const explains: Readonly<Record<number, readonly string[]>> = {
  521: ['lost', 'Traefik', 'nodes'],
  522: ['edge', 'lost'],
  523: ['lost', 'Traefik', 'nodes'],
  525: ['edge', 'Traefik'],
  526: ['edge'],
  530: ['names'],
}
const behindTraefik = ['cluster', 'lost', 'stopped', 'database', 'Redis', 'workloads']

/** The hops that what customers get points at; none where every name answers. */
const pointedAt = (seen: Seen): ReadonlySet<string> =>
  new Set(illNames(seen).flatMap(({ status }) => (status === undefined ? ['names', 'edge'] : (explains[status] ?? behindTraefik))))

/** The Kubernetes API where it does not answer: who asks it for something else gets no answer either. */
const ofCluster = ({ cluster, nodes }: Seen, lost: readonly Observation[]): readonly Observation[] => {
  if (cluster.answered || lost.some(({ text }) => text.includes('etcd needs'))) return []
  const stopped = nodes.answered
    ? [...nodes.value.facts].flatMap(([alias, host]) =>
        host.answered && host.value.k3sService !== undefined && host.value.k3sService !== 'active'
          ? [`${alias} (${host.value.k3sService})`]
          : [],
      )
    : []
  const why = stopped.length > 0 ? `; k3s does not run on ${stopped.join(', ')}` : ''
  const next = cluster.error instanceof Trouble ? cluster.error.next : undefined
  return [
    {
      level: 'wrong',
      text: `The Kubernetes API gives no answer that can be used: ${reasonOf(cluster.error)}${why}`,
      next: next ?? 'honeydue doctor',
    },
  ]
}

/** Workloads that somebody set to no pods at all: nothing deeper does that. */
const stoppedBy = ({ cluster, environment }: Seen): readonly string[] =>
  cluster.answered
    ? cluster.value.rules.flatMap(({ workload, text }) =>
        cluster.value.below.some((one) => one.name === workload && one.namespace === environment.namespace && one.wanted === 0)
          ? [text]
          : [],
      )
    : []

/** Names fail, and nothing of ours explains it. */
const outside = (seen: Seen, suspects: readonly Suspect[], hops: readonly Hop[]): readonly Suspect[] => {
  const ill = illNames(seen)
  const [first] = ill
  if (!first || suspects.some(({ hop }) => pointedAt(seen).has(hop))) return []
  const known = hops.filter(({ what }) => ['edge', 'nodes', 'Traefik'].includes(what))
  if (known.some(({ unknown, findings }) => unknown || findings.some(({ level }) => level === 'wrong'))) return []
  const everywhere = seen.edge.answered
    ? [
        ...illEverywhere(
          seen.edge.value,
          ill.map(({ name }) => name),
        ),
      ]
    : []
  if (everywhere.length > 0) {
    const said = everywhere.map(([name, why]) => `${name} ${why}`).join(', ')
    const why = first.status === 404 ? 'Traefik has no route to it, or no Service behind the route' : 'what stands behind Traefik gives it'
    const text = `${said}, and so says every node by itself: ${why}. The pods are as they ought to be`
    return [{ hop: 'Traefik', finding: { level: 'wrong', text, next: first.status === 404 ? 'honeydue config:diff' : 'honeydue logs' } }]
  }
  const text = `${ill.map(({ name }) => name).join(', ')}: ${first.said}. Every node answers these names by itself, lets Cloudflare in and has its certificate: what fails is Cloudflare, or the way there`
  return [{ hop: 'edge', finding: { level: 'wrong', text, next: 'look at https://www.cloudflarestatus.com' } }]
}

/** What is wrong, the likely cause first: what the customers' answers point at, and of that the deepest. Warnings come last. */
export const suspectsOf = (seen: Seen, hops: readonly Hop[]): readonly Suspect[] => {
  const lost = lostFindings(seen)
  const isLost = (finding: Observation) => lost.some(({ text }) => text === finding.text)
  const stopped = stoppedBy(seen)
  const found = hops.flatMap(({ what, findings }): readonly Suspect[] =>
    findings.map((finding) => ({ hop: isLost(finding) ? 'lost' : stopped.includes(finding.text) ? 'stopped' : what, finding })),
  )
  const cluster = ofCluster(seen, lost).map((finding): Suspect => ({ hop: 'cluster', finding }))
  const unknown = hops.flatMap(({ what, unknown: not, shows, findings }): readonly Suspect[] => {
    // What is not known because the API does not answer, or because something of the same hop is wrong, is no second cause.
    const echoes = !seen.cluster.answered || lostNodes(seen).length > 0 || findings.some(({ level }) => level === 'wrong')
    if (!not || echoes) return []
    return [
      {
        hop: what,
        unseen: true,
        finding: { level: 'wrong', text: `${what}: not known. ${not.because}`, next: not.next ?? sh`honeydue ${shows}` },
      },
    ]
  })
  const all = [...cluster, ...found, ...unknown]
  const points = pointedAt(seen)
  const weight = ({ hop, unseen, finding: { level } }: Suspect) =>
    (unseen ? 150 : 0) + (level === 'wrong' ? 0 : 200) + (points.size > 0 && !points.has(hop) ? 100 : 0) + (depth[hop] ?? 50)
  const sorted = [...all, ...outside(seen, all, hops)]
    .filter(({ finding }, i, them) => them.findIndex((one) => one.finding.text === finding.text) === i)
    .map((suspect, i) => ({ suspect, i }))
    .sort((a, b) => weight(a.suspect) - weight(b.suspect) || a.i - b.i)
  return sorted.map(({ suspect }) => suspect)
}
