import type { KubeObject } from '../types.ts'
import type { Deployment } from './deployment-sets.ts'
import type { ReplicaSet } from './replica-set.ts'

const desired = 'deployment.kubernetes.io/desired-replicas'
const most = 'deployment.kubernetes.io/max-replicas'
const noted = (set: KubeObject, name: string): number | undefined => {
  const value = Number(set.metadata.annotations?.[name])
  return Number.isInteger(value) ? value : undefined
}

/** The deployment's number has changed since its sets were last scaled, as they have noted it. */
export const isScaling = ({ spec }: Deployment, active: readonly ReplicaSet[]): boolean =>
  active.some((set) => (noted(set, desired) ?? spec.replicas) !== spec.replicas)

/** The new set carries the deployment alone: all that it wants is there and available. */
export const isSaturated = ({ spec }: Deployment, fresh: ReplicaSet): boolean =>
  fresh.spec.replicas === spec.replicas &&
  noted(fresh, desired) === spec.replicas &&
  (fresh.status['availableReplicas'] ?? 0) === spec.replicas

/**
 * How many replicas each set of a rollout under way gets when the deployment's number changes: the sets grow and shrink in proportion, the largest takes
 * what rounding leaves over. `limit` is the number that all together may have.
 */
export function shares(deployment: Deployment, active: readonly ReplicaSet[], limit: number): ReadonlyMap<ReplicaSet, number> {
  const toAdd = limit - active.reduce((sum, { spec }) => sum + spec.replicas, 0)
  const newer = (a: ReplicaSet, b: ReplicaSet) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1)
  const bySize = [...active].sort((a, b) => b.spec.replicas - a.spec.replicas || (toAdd > 0 ? newer(a, b) : newer(b, a)))
  const sizes = new Map<ReplicaSet, number>()
  let added = 0
  for (const set of bySize) {
    const share = shareOf(deployment, set, limit)
    const left = toAdd - added
    const change = toAdd > 0 ? Math.min(share, left) : Math.max(share, left)
    added += change
    sizes.set(set, set.spec.replicas + change)
  }
  const [largest] = bySize
  if (largest) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added))
  return sizes
}

function shareOf({ spec, status }: Deployment, set: ReplicaSet, limit: number): number {
  const before = noted(set, most) ?? status.replicas ?? 0
  if (spec.replicas === 0 || before === 0) return -set.spec.replicas
  return Math.round((set.spec.replicas * limit) / before) - set.spec.replicas
}
