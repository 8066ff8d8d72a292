import type { Context } from './context.ts'
import { type Deployment, revisionOf, share } from './deployment-sets.ts'
import { replicaSets } from './objects.ts'
import { isSaturated, isScaling, shares } from './proportional.ts'
import type { ReplicaSet } from './replica-set.ts'

function bounds({ spec }: Deployment) {
  const wanted = spec.replicas
  const recreate = spec.strategy.type === 'Recreate'
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy.rollingUpdate ?? {}
  const surge = recreate ? 0 : share(maxSurge, wanted, Math.ceil)
  const floor = recreate ? 0 : share(maxUnavailable, wanted, Math.floor)
  const unavailable = !recreate && surge === 0 && floor === 0 ? 1 : Math.min(floor, wanted)
  return { wanted, recreate, unavailable, most: wanted === 0 ? 0 : wanted + surge }
}

const notesOf = (wanted: number, most: number) => ({
  'deployment.kubernetes.io/desired-replicas': String(wanted),
  'deployment.kubernetes.io/max-replicas': String(most),
})

/** With how many replicas a new set begins beside the others, and the numbers that it notes. */
export function first(deployment: Deployment, others: readonly ReplicaSet[]) {
  const { wanted, recreate, most } = bounds(deployment)
  const total = others.reduce((sum, set) => sum + set.spec.replicas, 0)
  return { replicas: recreate ? wanted : Math.max(0, Math.min(wanted, most - total)), notes: notesOf(wanted, most) }
}

/** Moves replicas from the old sets to the new one as the strategy allows; `held`: the new one must wait for the old to be gone. */
export function scaleTo(
  context: Context,
  deployment: Deployment,
  fresh: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  held: boolean,
): void {
  const { wanted, recreate, unavailable, most } = bounds(deployment)
  const scale = (set: ReplicaSet, to: number) => scaleSet(context, deployment, set, to, most)
  const active = old.filter((set) => set.spec.replicas > 0)
  const newest = fresh ?? [...active].sort((a, b) => revisionOf(b) - revisionOf(a))[0]
  const alive = fresh && fresh.spec.replicas > 0 ? [...active, fresh] : active
  const paused = deployment.spec.paused || context.settling()
  if (paused || (!recreate && isScaling(deployment, alive))) {
    // Only one set is alive: what changed is the number. Otherwise a rollout is under way, and each set gets its share.
    const [only = newest, other] = alive
    if (other === undefined) {
      if (only) scale(only, wanted)
    } else if (fresh && isSaturated(deployment, fresh)) for (const set of active) scale(set, 0)
    else if (!recreate) for (const [set, to] of shares(deployment, alive, most)) scale(set, to)
    return
  }
  if (recreate) {
    for (const set of active) scale(set, 0)
    if (fresh && !held) scale(fresh, wanted)
    return
  }
  if (!fresh) return
  if (active.length === 0) {
    scale(fresh, wanted)
    return
  }
  const total = fresh.spec.replicas + active.reduce((sum, set) => sum + set.spec.replicas, 0)
  if (fresh.spec.replicas > wanted) {
    scale(fresh, wanted)
    return
  }
  if (fresh.spec.replicas < wanted && total < most) {
    scale(fresh, Math.min(wanted, fresh.spec.replicas + most - total))
    return
  }
  scale(fresh, fresh.spec.replicas)
  // What is not ready in the old sets goes first; then as many ready ones as availability allows.
  const available = [fresh, ...active].reduce((sum, set) => sum + (set.status['availableReplicas'] ?? 0), 0)
  const least = wanted - unavailable
  let room = total - least - (fresh.spec.replicas - (fresh.status['availableReplicas'] ?? 0))
  if (room <= 0) return
  const sorted = [...active].sort((a, b) => ((a.metadata.creationTimestamp ?? '' < (b.metadata.creationTimestamp ?? '')) ? -1 : 1))
  const left = new Map(sorted.map((set) => [set, set.spec.replicas]))
  for (const set of sorted) {
    const sick = Math.min(room, set.spec.replicas - (set.status['availableReplicas'] ?? 0))
    if (sick <= 0) continue
    left.set(set, set.spec.replicas - sick)
    room -= sick
  }
  let healthy = available - least
  for (const set of sorted) {
    const has = left.get(set) ?? 0
    const down = Math.max(0, Math.min(has, healthy))
    left.set(set, has - down)
    healthy -= down
  }
  for (const [set, to] of left) scale(set, to)
}

function scaleSet({ client, event }: Context, deployment: Deployment, set: ReplicaSet, to: number, most: number): void {
  const notes = notesOf(deployment.spec.replicas, most)
  const from = set.spec.replicas
  if (from === to && Object.entries(notes).every(([key, value]) => set.metadata.annotations?.[key] === value)) return
  client.update(replicaSets, set.metadata.name, set.metadata.namespace, (draft) => {
    draft['spec'] = { ...set.spec, replicas: to }
    draft.metadata.annotations = { ...draft.metadata.annotations, ...notes }
  })
  if (from === to) return
  const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${set.metadata.name} from ${from} to ${to}`
  event(deployment, 'Normal', 'ScalingReplicaSet', message, { component: 'deployment-controller' })
}
