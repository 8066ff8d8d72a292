import { beforeReplaceNote } from '../../notes.ts'
import type { Node } from '../../systems/kube/types.ts'

/** What a Node was like whose machine is gone. */
export interface BeforeReplace {
  /** As the cluster called it. */
  readonly node: string
  /** Of the object; '' where somebody had removed it before. */
  readonly uid: string
  readonly address: string
  /** Public names that led to it. */
  readonly names: readonly string[]
  /** Those that its kubelet and k3s do not set by themselves. */
  readonly labels: Readonly<Record<string, string>>
  readonly taints: NonNullable<Node['spec']['taints']>
}

/** What an annotation of another Node says of it; undefined where there is none, or one that says nothing. */
export const beforeReplaceOf = ({ metadata }: Pick<Node, 'metadata'>): BeforeReplace | undefined => {
  try {
    const said = JSON.parse(metadata.annotations?.[beforeReplaceNote] ?? '') as Partial<BeforeReplace> | null
    const { node, uid, address, names, labels, taints } = said ?? {}
    const texts = [node, uid, address, ...(names ?? ['']), ...Object.values(labels ?? { none: null })]
    if (!texts.every((one) => typeof one === 'string') || !Array.isArray(names) || !Array.isArray(taints)) return undefined
    return said as BeforeReplace
  } catch {
    return undefined
  }
}

/** By the machine itself, and of no other one. */
const ofTheMachine =
  /^((beta\.)?kubernetes\.io\/(arch|os|hostname)|(beta|node)\.kubernetes\.io\/instance-type|node-role\.kubernetes\.io\/.*)$/

/** What people have written on it, and a Node that joins does not have. */
export const marksOf = ({ metadata, spec }: Node): Pick<BeforeReplace, 'labels' | 'taints'> => ({
  labels: Object.fromEntries(Object.entries(metadata.labels ?? {}).filter(([key]) => !ofTheMachine.test(key))),
  // Those are of its state then: Kubernetes sets and takes them by itself.
  taints: (spec.taints ?? [])
    .filter(({ key }) => !key.startsWith('node.kubernetes.io/'))
    .map(({ key, value, effect }) => ({ key, ...(value !== undefined && { value }), effect })),
})
