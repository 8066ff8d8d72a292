import type { Client, KubeObject } from '../types.ts'
import { type Context, tolerant } from './context.ts'
import {
  as,
  filled,
  isActive,
  isAvailable,
  isReady,
  ownedBy,
  owns,
  type Pod,
  pods,
  podsOf,
  replicaSets,
  type Selector,
  setStatus,
  type Template,
} from './objects.ts'

import { choose } from './scheduler.ts'

export interface ReplicaSet extends KubeObject {
  spec: { replicas: number; minReadySeconds?: number; selector: Selector; template: Template }
  status: Record<string, number | undefined>
}

const source = { component: 'replicaset-controller' }

/** Which pod goes first: without a node, not ready, then the youngest. */
const expendable = (a: Pod, b: Pod): number =>
  Number(a.spec.nodeName !== undefined) - Number(b.spec.nodeName !== undefined) ||
  Number(isReady(a)) - Number(isReady(b)) ||
  ((a.metadata.creationTimestamp ?? '' < (b.metadata.creationTimestamp ?? '')) ? 1 : -1)

/** A pod as its owner's template wants it. */
export const podFrom = (owner: KubeObject, template: Template): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: '',
    generateName: `${owner.metadata.name}-`,
    ...(owner.metadata.namespace ? { namespace: owner.metadata.namespace } : {}),
    ...(template.metadata?.labels ? { labels: template.metadata.labels } : {}),
    ...(template.metadata?.annotations ? { annotations: template.metadata.annotations } : {}),
    ownerReferences: [ownedBy(owner)],
  },
  spec: template.spec,
})

/** On its node from the start, as a pod that was scheduled long ago. */
function placed(client: Client, pod: KubeObject): KubeObject {
  const { best } = choose(client, as<Pod>(pod))
  return best ? { ...pod, spec: { ...as<Pod>(pod).spec, nodeName: best.metadata.name } } : pod
}

/** Holds the number of a ReplicaSet's pods, and counts them. */
export function reconcileReplicaSet(
  { client, event, after, settling }: Context,
  name: string,
  namespace: string | undefined,
  again: () => void,
): void {
  const found = client.get(replicaSets, name, namespace)
  if (!found) return
  const set = as<ReplicaSet>(found)
  const mine = () => podsOf(client, namespace).filter((pod) => owns(set, pod) && isActive(pod))
  const before = mine()
  const missing = set.spec.replicas - before.length
  if (!set.metadata.deletionTimestamp) {
    for (let i = 0; i < Math.min(missing, 500); i++) {
      const pod = tolerant(() =>
        client.create(settling() ? placed(client, podFrom(set, set.spec.template)) : podFrom(set, set.spec.template)),
      )
      if (pod) event(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`, source)
    }
    for (const pod of [...before].sort(expendable).slice(0, Math.max(0, -missing))) {
      client.delete(pods, pod.metadata.name, namespace)
      event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`, source)
    }
  }
  // They will all be ready in a moment, and counted then.
  if (missing > 0 && settling()) return
  const now = mine()
  const ready = now.filter(isReady)
  const minReady = set.spec.minReadySeconds ?? 0
  const available = ready.filter((pod) => isAvailable(pod, minReady))
  if (available.length < ready.length) after(500, again)
  const labels = Object.entries(set.spec.template.metadata?.labels ?? {})
  const labeled = now.filter((pod) => labels.every(([key, value]) => pod.metadata.labels?.[key] === value))
  const status = {
    replicas: now.length,
    ...filled({
      fullyLabeledReplicas: labeled.length,
      readyReplicas: ready.length,
      availableReplicas: available.length,
      observedGeneration: set.metadata.generation,
    }),
  }
  if (client.get(replicaSets, name, namespace)) setStatus(client, replicaSets, set, status)
}
