import type { Client } from '../types.ts'
import type { Context } from './context.ts'
import { current, type Deployment, own, revisionOf, setsOf } from './deployment-sets.ts'
import { writeStatus } from './deployment-status.ts'
import { as, deployments, ownedBy, owns, podsOf, replicaSets } from './objects.ts'
import { isScaling } from './proportional.ts'
import type { ReplicaSet } from './replica-set.ts'
import { first, scaleTo } from './rollout.ts'
import { templateHash } from './template-hash.ts'

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** Brings a Deployment's ReplicaSets one step nearer to its template, and says in its status how far they are. */
export function reconcileDeployment(context: Context, name: string, namespace: string | undefined, again: () => void): void {
  const { client } = context
  const found = client.get(deployments, name, namespace)
  if (!found || found.metadata.deletionTimestamp) return
  const deployment = as<Deployment>(found)
  const hash = templateHash(deployment.spec.template, deployment.status.collisionCount)
  const before = setsOf(client, deployment)
  const top = Math.max(0, ...before.filter((set) => set.metadata.labels?.['pod-template-hash'] !== hash).map(revisionOf))
  const known = current(before, hash)
  const revision = String(known && revisionOf(known) > top ? revisionOf(known) : top + 1)
  let fresh = known
  let made = false
  // A new number goes to the sets that are there before a new template makes another.
  const active = before.filter(({ spec }) => spec.replicas > 0)
  const rescales = !fresh && !context.settling() && deployment.spec.strategy.type !== 'Recreate' && isScaling(deployment, active)
  if ((!deployment.spec.paused && !rescales) || fresh) {
    const podsLeft = podsOf(client, namespace).some(
      (pod) => before.some((set) => set !== fresh && owns(set, pod)) && pod.status.phase !== 'Failed' && pod.status.phase !== 'Succeeded',
    )
    const held = deployment.spec.strategy.type === 'Recreate' && (podsLeft || before.some((set) => set !== fresh && set.spec.replicas > 0))
    if (!fresh && !held) {
      fresh = createSet(context, deployment, hash, revision, before)
      made = true
    } else if (fresh) fresh = brought(client, deployment, fresh, revision)
    scaleTo(
      context,
      deployment,
      fresh,
      before.filter((set) => set.metadata.uid !== fresh?.metadata.uid),
      held,
    )
  } else scaleTo(context, deployment, undefined, before, false)
  if (made && context.settling()) return
  writeStatus(context, deployment, hash, fresh ? String(revisionOf(fresh)) : undefined, made, again)
  forgetOld(client, deployment, hash)
}

function createSet(
  { client, event }: Context,
  deployment: Deployment,
  hash: string,
  revision: string,
  others: readonly ReplicaSet[],
): ReplicaSet {
  const { name, namespace } = deployment.metadata
  const template = deployment.spec.template
  const hashed = { 'pod-template-hash': hash }
  const { replicas, notes } = first(deployment, others)
  const spec = {
    replicas,
    ...(deployment.spec.minReadySeconds ? { minReadySeconds: deployment.spec.minReadySeconds } : {}),
    selector: { ...deployment.spec.selector, matchLabels: { ...deployment.spec.selector.matchLabels, ...hashed } },
    template: { ...template, metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...hashed } } },
  }
  const object = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace ? { namespace } : {}),
      labels: { ...template.metadata?.labels, ...hashed },
      annotations: { ...passedOn(deployment), ...notes, [`${own}revision`]: revision },
      ownerReferences: [ownedBy(deployment)],
    },
    spec,
  }
  const set = as<ReplicaSet>(client.create(object))
  if (replicas > 0)
    event(deployment, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${set.metadata.name} from 0 to ${replicas}`, {
      component: 'deployment-controller',
    })
  return set
}

/** The deployment's annotations that its ReplicaSet bears too, the cause of a change among them. */
const passedOn = ({ metadata: { annotations = {} } }: Deployment): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(annotations).filter(([key]) => !key.startsWith(own) && key !== lastApplied))

/** Gives a ReplicaSet that is wanted what it lacks: those annotations, and the next revision where it was an old one, which remembers its earlier ones. */
function brought(client: Client, deployment: Deployment, set: ReplicaSet, revision: string): ReplicaSet {
  const { annotations = {} } = set.metadata
  const { [`${own}revision`]: old, [`${own}revision-history`]: history } = annotations
  const wanted = {
    ...passedOn(deployment),
    [`${own}revision`]: revision,
    ...(old !== undefined && old !== revision && { [`${own}revision-history`]: history ? `${history},${old}` : old }),
  }
  if (Object.entries(wanted).every(([key, value]) => annotations[key] === value)) return set
  const changed = client.update(replicaSets, set.metadata.name, set.metadata.namespace, ({ metadata }) => {
    metadata.annotations = { ...metadata.annotations, ...wanted }
  })
  return changed ? as<ReplicaSet>(changed) : set
}

function forgetOld(client: Client, deployment: Deployment, hash: string): void {
  const idle = setsOf(client, deployment).filter(
    (set) =>
      set.metadata.labels?.['pod-template-hash'] !== hash &&
      set.spec.replicas === 0 &&
      (set.status['replicas'] ?? 0) === 0 &&
      !set.metadata.deletionTimestamp,
  )
  const excess = idle.length - (deployment.spec.revisionHistoryLimit ?? 10)
  for (const set of idle.sort((a, b) => revisionOf(a) - revisionOf(b)).slice(0, Math.max(0, excess)))
    client.delete(replicaSets, set.metadata.name, set.metadata.namespace)
}
