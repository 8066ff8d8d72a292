import type { Condition, Pod } from '../../systems/kube/types.ts'

/** What the scheduler adds where evicting others would not help: as long as the cause, which stands before it, and no news. */
const preemption = /\s*preemption: \d+\/\d+ nodes are available: .*$/s

/** Why a pod has no node, in the scheduler's words; undefined where it has one, or nobody has looked yet. */
export const unplaced = ({ status }: Pod): Pick<Condition, 'reason' | 'message'> | undefined => {
  const found = status.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False')
  if (!found) return undefined
  const message = found.message?.replace(preemption, '')
  return { ...(found.reason !== undefined && { reason: found.reason }), ...(message && { message }) }
}
