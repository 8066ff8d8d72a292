import { replacesNote } from '../../notes.ts'
import { type Finding, holds, when } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import type { Readers } from '../../systems/systems.ts'
import { afterTurn, beforeTurn } from './around-turn.ts'
import type { Needs, ReplaceFacts } from './replace-facts.ts'

/** What stands on the new Node for the old one. */
export const markOf = ({ former }: ReplaceFacts): string => former.uid || 'unknown'

/** Another Node than that of the machine that is gone; undefined where there is none. */
export const another = async ({ former }: ReplaceFacts, { kube }: Readers<'kube'>) => {
  const node = await kube.get('Node', former.node)
  return node?.metadata.uid === former.uid ? undefined : node
}

/** The Node of the machine that is gone is no object any more. */
export const isRemoved = async ({ former, next }: ReplaceFacts, { kube }: Readers<'kube'>): Promise<Finding> => {
  const uid = (await kube.get('Node', former.node))?.metadata.uid
  return when(uid !== former.uid, `${next.node.alias} is a node of the cluster still`)
}

/** What the old one was is on the one in its place: what was only for the time between is over. */
export const isMarked = async (facts: ReplaceFacts, look: Readers<'kube'>): Promise<Finding> => {
  const node = await another(facts, look)
  const { labels, taints } = facts.former
  const missing = [
    ...Object.entries(labels).flatMap(([key, value]) => (node?.metadata.labels?.[key] === value ? [] : [key])),
    ...taints.flatMap(({ key, value, effect }) =>
      node?.spec.taints?.some((one) => one.key === key && one.effect === effect && one.value === value) ? [] : [key],
    ),
    ...(node?.metadata.annotations?.[replacesNote] === markOf(facts) ? [] : [replacesNote]),
  ]
  return when(missing.length === 0, `${facts.next.node.alias} has no ${missing.join(', ')}`)
}

/** Over once another one has its place, and from the removal on nothing to take back. */
export const beforeIt = (facts: ReplaceFacts, step: Change<Needs>): Change<Needs> => ({
  ...beforeTurn(
    step,
    (look) => isMarked(facts, look),
    (look) => isRemoved(facts, look),
  ),
  undone: async (look) => {
    if ((await isRemoved(facts, look)).ok) return holds
    return step.undone ? step.undone(look) : when(!(await step.verify(look)).ok, `"${step.title}" is so still`)
  },
})

/** Not so before another one has its place; it comes after what nothing takes back. */
export const afterIt = (facts: ReplaceFacts, step: Omit<Change<Needs>, 'undo'>): Change<Needs> =>
  afterTurn(step, (look) => isMarked(facts, look))
