import { reasonOf } from '../../errors.ts'
import { isOwnName } from '../../own-name.ts'
import type { Observation } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import { clusterParts } from '../cluster/findings.ts'
import { edgeParts } from '../edge/findings.ts'
import type { Seen } from './look.ts'

/** Whether a text speaks of this node, and not of one whose name begins alike. */
export const names = (alias: string, text: string): boolean => text.split(/[^\w-]+/).includes(alias)

/** Nodes that give no answer over SSH, or that the cluster has given up; none where nobody was asked. */
export const lostNodes = ({ nodes, environment }: Seen): readonly string[] =>
  nodes.answered
    ? environment.nodes.flatMap(({ alias, hostname }) => {
        const silent = nodes.value.facts.get(alias)?.answered === false
        const ready = nodes.value.api.answered ? nodes.value.api.value.find(({ name }) => isOwnName(name, hostname))?.ready : undefined
        return silent || ready === false ? [alias] : []
      })
    : []

export const aliasIn =
  ({ environment }: Seen) =>
  (hostname: string): string =>
    environment.nodes.find((node) => node.hostname === hostname)?.alias ?? hostname

/** One node that is away, with all that is away because of it in one sentence, and the way round it. */
const lostNode = (seen: Seen, alias: string): Observation => {
  const { nodes, cluster, edge, environment } = seen
  const host = nodes.answered ? nodes.value.facts.get(alias) : undefined
  const silent = host?.answered === false ? `no answer over SSH: ${reasonOf(host.error)}` : undefined
  const inCluster = cluster.answered
    ? clusterParts(cluster.value, { namespace: environment.namespace, aliasOf: aliasIn(seen) }).find(
        ({ node, finding }) => node && finding.text.startsWith(`${alias} `) && finding.level === 'wrong',
      )?.finding.text
    : undefined
  const here = edge.answered ? (edgeParts(edge.value).nodes.get(alias) ?? []) : []
  const serving = here.find(({ next }) => next?.startsWith('honeydue edge:drain'))
  const said =
    inCluster === undefined
      ? `${alias}: ${silent ?? 'not Ready'}${cluster.answered ? '; the cluster has it as Ready still' : ''}`
      : `${inCluster}${silent === undefined ? '; over SSH it answers' : `; ${silent}`}`
  const text = `${said}${serving ? '. Names lead customers to it' : ''}`
  return {
    level: 'wrong',
    text,
    next: serving?.next ?? (inCluster === undefined ? 'honeydue nodes:status' : sh`honeydue nodes:drain ${alias}`),
  }
}

/** Nodes that are away. Where all are, it is this machine's way to them that is shut; where too few are left, the API is away with them. */
export const lostFindings = (seen: Seen): readonly Observation[] => {
  const { environment, cluster, nodes } = seen
  const lost = lostNodes(seen)
  const all = environment.nodes.length
  const [first] = lost
  if (first === undefined) return []
  const host = nodes.answered ? nodes.value.facts.get(first) : undefined
  const reason = host?.answered === false ? reasonOf(host.error) : 'not Ready'
  if (lost.length === all && (cluster.answered || seen.edge.answered)) {
    const text = `No node answers over SSH from here: ${reason}`
    return [{ level: 'wrong', text, next: 'honeydue doctor' }]
  }
  const quorum = Math.floor(all / 2) + 1
  if (!cluster.answered && all - lost.length < quorum) {
    const text = `${lost.join(' and ')} do not answer: etcd needs ${quorum} of ${all} nodes, so the Kubernetes API is away until one of them is back. Pods that run go on; nothing is placed anew. ${reason}`
    return [{ level: 'wrong', text, next: 'honeydue cluster:etcd' }]
  }
  return lost.map((alias) => lostNode(seen, alias))
}
