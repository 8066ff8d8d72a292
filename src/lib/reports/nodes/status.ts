import type { Environment } from '../../environment/schema.ts'
import { defineReport } from '../../plan/report.ts'
import type { KubeReader } from '../../systems/kube/types.ts'
import { nodeFindings } from './findings.ts'
import { type ApiNode, reachedNothing, surveyNodes } from './survey.ts'
import { nodeColumns, nodeRows } from './table.ts'

/** One row a node, seen from both ends: the host over SSH, and the Kubernetes API. */
export const nodesStatus = ({ nodes }: Pick<Environment, 'nodes'>) =>
  defineReport({
    id: 'nodes:status',
    title: 'Show every node from both ends: SSH and the Kubernetes API',
    needs: ['nodes', 'kube'],
    choices: {},
    look: async (_, look) => {
      const survey = await surveyNodes(nodes, look.nodes, () => apiNodes(look.kube))
      return {
        findings: nodeFindings(survey).map((text) => ({ level: 'wrong' as const, text })),
        tables: [{ columns: nodeColumns, rows: nodeRows(survey) }],
        unreachable: reachedNothing(survey),
        data: Object.fromEntries(
          nodeRows(survey).map((row) => [row[0], Object.fromEntries(nodeColumns.map((column, i) => [column, row[i]]))]),
        ),
      }
    },
  })

const apiNodes = async (kube: KubeReader): Promise<readonly ApiNode[]> => {
  const [nodes, pods] = await Promise.all([kube.nodes(), kube.pods()])
  return nodes.map(({ metadata, spec, status }) => {
    const holding = (status.conditions ?? []).filter((condition) => condition.status === 'True').map(({ type }) => type)
    return {
      name: metadata.name,
      addresses: (status.addresses ?? []).map(({ address }) => address),
      ready: holding.includes('Ready'),
      pressures: holding.filter((type) => type !== 'Ready'),
      cordoned: spec.unschedulable === true,
      kubeletVersion: status.nodeInfo.kubeletVersion,
      pods: pods.filter((pod) => pod.spec.nodeName === metadata.name && !['Succeeded', 'Failed'].includes(pod.status.phase)).length,
    }
  })
}
