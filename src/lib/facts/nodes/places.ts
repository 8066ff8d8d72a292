import type { Node, NodeSelectorTerm, PersistentVolume, PersistentVolumeClaim, Pod } from '../../systems/kube/types.ts'
import { claimsOf } from '../cluster/claims.ts'
import { fits } from '../cluster/selector.ts'
import { freeOn, requested, takesPods, wantedBy } from '../deploy/room.ts'

/** The cluster as far as it says where a pod may run. */
export interface Places {
  readonly nodes: readonly Node[]
  readonly pods: readonly Pod[]
  readonly claims: readonly PersistentVolumeClaim[]
  readonly volumes: readonly PersistentVolume[]
}

type Labels = Readonly<Record<string, string>>

/** As the API reads it: one of the terms. */
const matches = (terms: readonly NodeSelectorTerm[], labels: Labels): boolean => terms.some((term) => fits(term, labels))

/** The volumes of a pod that some nodes alone can mount. */
const volumesOf = (pod: Pod, { claims, volumes }: Places): readonly PersistentVolume[] => {
  const named = claimsOf(pod)
  const bound = claims.filter(({ metadata }) => metadata.namespace === pod.metadata.namespace && named.includes(metadata.name))
  return volumes.filter(({ metadata }) => bound.some(({ spec }) => spec.volumeName === metadata.name))
}

/**
 * Which of the pods of a node would find no other one, with why: volumes, node selectors and affinities, and room by what pods request, the largest placed
 * first. Affinities between pods are the scheduler's to say.
 */
export const withoutPlace = (leaving: readonly Pod[], places: Places, away: string): ReadonlyMap<Pod, string> => {
  const open = places.nodes.filter((node) => node.metadata.name !== away && takesPods(node))
  const free = new Map(open.map((node) => [node.metadata.name, freeOn(node, places.pods)]))
  const found = new Map<Pod, string>()
  const sized = leaving.map((pod) => ({ pod, wants: wantedBy(pod.spec) }))
  for (const { pod, wants } of sized.sort((one, other) => other.wants.memory - one.wants.memory || other.wants.cpu - one.wants.cpu)) {
    const why = (() => {
      if (open.length === 0) return 'no other node takes pods now'
      const mounted = volumesOf(pod, places)
      const far = mounted.find((volume) => !open.some((node) => mounts(volume, node)))
      if (far) return `its volume ${far.metadata.name} is on this node alone`
      const fitting = open.filter((node) => selects(pod, node) && mounted.every((volume) => mounts(volume, node)))
      if (fitting.length === 0) return 'its node selector or affinity allows no other node'
      const place = fitting.find(({ metadata }) => {
        const left = free.get(metadata.name)
        return left !== undefined && left.cpu >= wants.cpu && left.memory >= wants.memory && left.pods >= 1
      })
      const left = place && free.get(place.metadata.name)
      if (!place || !left) return `no other node has room for its ${requested(wants)}`
      free.set(place.metadata.name, { cpu: left.cpu - wants.cpu, memory: left.memory - wants.memory, pods: left.pods - 1 })
      return undefined
    })()
    if (why !== undefined) found.set(pod, why)
  }
  return found
}

/** Whether a node is one that the volume can be mounted on. */
export const mounts = ({ spec }: PersistentVolume, { metadata }: Pick<Node, 'metadata'>): boolean => {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms
  return terms === undefined || matches(terms, metadata.labels ?? {})
}

const selects = ({ spec }: Pod, { metadata }: Node): boolean => {
  const labels = metadata.labels ?? {}
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value) && (!terms || matches(terms, labels))
}
