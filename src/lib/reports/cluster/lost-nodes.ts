import type { ApiNode } from '../../facts/nodes/survey.ts'
import type { Observation } from '../../plan/report.ts'
import { inCluster } from '../nodes/findings.ts'
import type { ClusterHealth, Sick } from './gather.ts'
import { isOf } from './workload-findings.ts'

/** What is not well because one node is away. */
interface Lost {
  readonly below: ClusterHealth['below']
  readonly pods: readonly Sick[]
}

/** A pod that stood on the node, or one that may run nowhere else. */
const isBecauseOf =
  (node: string) =>
  (pod: Sick): boolean =>
    pod.node === node || (pod.node === undefined && pod.boundTo === node)

/** Workloads that lack nothing but their pods on this node, and those pods. */
const lostWith = (node: string, { below, unwell }: ClusterHealth): Lost => {
  const pods = unwell.filter(isBecauseOf(node))
  const explained = below.filter((one) => {
    const its = unwell.filter(isOf(one)).filter(({ wrong }) => wrong)
    return one.wrong && one.refused === undefined && its.length > 0 && its.every(isBecauseOf(node))
  })
  return { below: explained, pods }
}

/** What has no pod left stands first: nothing else does its work. */
const said = ({ below, pods }: Lost, namespace: string): string => {
  const sorted = [...below].sort((a, b) => Math.sign(a.ready) - Math.sign(b.ready))
  const workloads = sorted.map((one) => {
    const bound = pods.some((pod) => isOf(one)(pod) && pod.boundTo !== undefined)
    const where = one.namespace === namespace ? one.name : `${one.namespace}/${one.name}`
    return `${where} ${one.ready} of ${one.wanted}${bound ? ', which may run only there' : ''}`
  })
  return workloads.length > 0 ? `; with it ${workloads.join('; ')}` : ''
}

/** Each node with what its conditions say, and what is away with it in the same sentence: one cause, one line. */
export const nodeFindings = (
  health: ClusterHealth,
  { namespace, aliasOf }: { readonly namespace: string; readonly aliasOf: (name: string) => string },
): { readonly findings: readonly Observation[]; readonly explained: Lost } => {
  const lost = health.nodes.filter(({ ready }) => !ready).map((node) => ({ node, with: lostWith(node.name, health) }))
  const withIt = ({ name }: ApiNode) => lost.find(({ node }) => node.name === name)?.with
  return {
    findings: health.nodes.flatMap((node) => {
      const [first, ...rest] = inCluster(node, aliasOf(node.name))
      const consequences = withIt(node)
      if (!first || !consequences) return first ? [first, ...rest] : []
      return [{ ...first, text: `${first.text}${said(consequences, namespace)}` }, ...rest]
    }),
    explained: { below: lost.flatMap((one) => one.with.below), pods: lost.flatMap((one) => one.with.pods) },
  }
}
