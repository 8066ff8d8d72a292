import { hasEnded, isLeaving, startedAt } from '../../pod-state.ts'
import type { Container, Pod, PodSpec, Workload } from '../../systems/kube/types.ts'
import { ownerOf } from '../cluster/owner.ts'

/** How something comes to a value; a mounted file changes by itself, and what reads it may read it once. */
export type Use = 'env' | 'mounted' | 'pulls'

/** What uses one key of a Secret, with its pods that run. */
export interface Consumer {
  /** "Deployment api". */
  readonly workload: string
  readonly use: Use
  readonly pods: readonly { readonly name: string; readonly startedAt: string }[]
}

interface Wanted {
  readonly secret: string
  readonly key: string
}

const inEnvironment = ({ env = [], envFrom = [] }: Container, { secret, key }: Wanted): boolean =>
  env.some(({ valueFrom }) => valueFrom?.secretKeyRef?.name === secret && valueFrom.secretKeyRef.key === key) ||
  envFrom.some(({ secretRef }) => secretRef?.name === secret)

const isMounted = ({ volumes = [] }: PodSpec, { secret, key }: Wanted): boolean =>
  volumes
    .flatMap((volume) => [
      ...(volume.secret?.secretName === secret ? [volume.secret] : []),
      ...(volume.projected?.sources ?? []).flatMap((one) => (one.secret?.name === secret ? [one.secret] : [])),
    ])
    .some(({ items }) => items === undefined || items.some((item) => item.key === key))

/** How a pod of this spec uses a key; undefined where it does not. */
export const useOf = (spec: PodSpec, wanted: Wanted): Use | undefined => {
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  if (containers.some((container) => inEnvironment(container, wanted))) return 'env'
  if (isMounted(spec, wanted)) return 'mounted'
  return spec.imagePullSecrets?.some(({ name }) => name === wanted.secret) ? 'pulls' : undefined
}

/** By live specs: the workloads of which new pods would use it, and the pods that do, whatever owns them. */
export const consumersOf = (
  wanted: Wanted,
  { workloads, pods }: { readonly workloads: readonly (readonly [kind: string, Workload])[]; readonly pods: readonly Pod[] },
): readonly Consumer[] => {
  const found = new Map<string, { readonly use: Use; readonly pods: Consumer['pods'][number][] }>()
  for (const [kind, { metadata, spec }] of workloads) {
    const use = useOf(spec.template.spec, wanted)
    if (use) found.set(`${kind} ${metadata.name}`, { use, pods: [] })
  }
  for (const pod of pods) {
    const use = hasEnded(pod) || isLeaving(pod) ? undefined : useOf(pod.spec, wanted)
    if (!use) continue
    const owner = ownerOf(pod)
    const one = found.get(owner) ?? { use, pods: [] }
    found.set(owner, one)
    one.pods.push({ name: pod.metadata.name, startedAt: startedAt(pod) })
  }
  return [...found].map(([workload, one]) => ({ workload, ...one })).sort((a, b) => (a.workload < b.workload ? -1 : 1))
}

/** Of its pods, those that got a value from before: what is in a pod's environment is what it was when the pod began. */
export const startedBefore = ({ use, pods }: Consumer, writtenAt: Date | undefined): Consumer['pods'] =>
  use === 'env' && writtenAt ? pods.filter(({ startedAt: at }) => at !== '' && Date.parse(at) < writtenAt.getTime()) : []
