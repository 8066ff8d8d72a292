import type { Pod } from '../../systems/kube/types.ts'

/** The workload behind a pod, "Deployment api": its ReplicaSet's name without the template's hash; the pod's own name where nothing owns it. */
export const ownerOf = ({ metadata }: Pick<Pod, 'metadata'>): string => {
  const [owner] = metadata.ownerReferences ?? []
  if (!owner) return metadata.name
  const hash = metadata.labels?.['pod-template-hash']
  return owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)
    ? `Deployment ${owner.name.slice(0, -hash.length - 1)}`
    : `${owner.kind} ${owner.name}`
}
