import type { Condition, KubeReader, Node, Pod } from '../../systems/kube/types.ts'
import { beforeRebootOf } from './before-reboot.ts'
import type { ApiNode } from './survey.ts'

/** Conditions that are well when True; of the others, those named …Pressure and NetworkUnavailable are well when False. */
const wanted = new Set(['EtcdIsVoter'])

// A condition of a kind that nobody has told us about says nothing: k3s and its add-ons bring their own.
const unwell = ({ type, status }: Condition): readonly string[] => {
  if (wanted.has(type)) return status === 'True' ? [] : [`not ${type}`]
  return status === 'True' && (type.endsWith('Pressure') || type === 'NetworkUnavailable') ? [type] : []
}

/** The nodes of the API, with the pods that each holds (those that have ended are not counted). */
export const apiNodes = (nodes: readonly Node[], pods: readonly Pod[]): readonly ApiNode[] => {
  const held = pods.filter(({ status }) => !['Succeeded', 'Failed'].includes(status.phase))
  return nodes.map((node) => apiNode(node, held.filter(({ spec }) => spec.nodeName === node.metadata.name).length))
}

export const readApiNodes = async (kube: KubeReader): Promise<readonly ApiNode[]> => {
  const [nodes, pods] = await Promise.all([kube.nodes(), kube.podsPerNode()])
  return nodes.map((node) => apiNode(node, pods.get(node.metadata.name) ?? 0))
}

const apiNode = ({ metadata, spec, status }: Node, pods: number): ApiNode => {
  const conditions = status.conditions ?? []
  const ready = conditions.find(({ type }) => type === 'Ready')
  const begun = beforeRebootOf({ metadata })
  return {
    name: metadata.name,
    addresses: (status.addresses ?? []).map(({ address }) => address),
    ready: ready?.status === 'True',
    conditions: conditions.flatMap(unwell),
    ...(ready?.status !== 'True' && ready?.message && { because: ready.message }),
    cordoned: spec.unschedulable === true,
    rebooting: begun !== undefined,
    ...(begun?.update === true && { updating: true }),
    ...(begun?.upgrade !== undefined && { upgrading: begun.upgrade }),
    kubeletVersion: status.nodeInfo.kubeletVersion,
    pods,
  }
}
