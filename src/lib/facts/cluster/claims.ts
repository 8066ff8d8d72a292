import type { PersistentVolumeClaim, Pod, StorageClass } from '../../systems/kube/types.ts'

export interface UnboundClaim {
  readonly namespace: string
  readonly name: string
  readonly phase: string
  readonly storageClass?: string
  /** There is no storage class of that name. */
  readonly unknownClass: boolean
}

const defaultClass = 'storageclass.kubernetes.io/is-default-class'
/** The scheduler writes it on a claim when it has found its pod a node: from then on the volume is the provisioner's to make. */
const selectedNode = 'volume.kubernetes.io/selected-node'

const isDefault = ({ metadata }: StorageClass): boolean => metadata.annotations?.[defaultClass] === 'true'

/** Undefined for a claim that has its volume, and for one that rightly waits for a pod that is to use it. `classes` is undefined where they cannot be read. */
export const unboundClaim = (
  { metadata, spec, status }: PersistentVolumeClaim,
  classes: readonly StorageClass[] | undefined,
): UnboundClaim | undefined => {
  const phase = status?.phase ?? 'Pending'
  if (phase === 'Bound') return undefined
  const { storageClassName: name } = spec
  const found = classes?.find((one) => (name === undefined ? isDefault(one) : one.metadata.name === name))
  const waits = found?.volumeBindingMode === 'WaitForFirstConsumer' && metadata.annotations?.[selectedNode] === undefined
  if (phase === 'Pending' && waits) return undefined
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    phase,
    ...(name !== undefined && { storageClass: name }),
    unknownClass: Boolean(name) && classes !== undefined && found === undefined,
  }
}

/** The claims that a pod's volumes name. */
export const claimsOf = ({ spec }: Pod): readonly string[] =>
  (spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [])
