import { matchesLabelSelector } from '../selectors.ts'
import { StatusError, unclassified } from '../status.ts'
import type { Client, KubeObject } from '../types.ts'
import { share } from './deployment-sets.ts'
import { as, budgets, type Condition, isActive, isOver, isReady, type Pod, pods, podsOf, setStatus, withCondition } from './objects.ts'

interface Budget extends KubeObject {
  spec: {
    minAvailable?: number | string
    maxUnavailable?: number | string
    selector?: Record<string, unknown>
    unhealthyPodEvictionPolicy?: string
  }
  status: {
    conditions?: Condition[]
    observedGeneration?: number
    disruptionsAllowed: number
    currentHealthy: number
    desiredHealthy: number
  }
}

const chosen = (client: Client, budget: Budget): Pod[] =>
  podsOf(client, budget.metadata.namespace).filter(
    (pod) => !isOver(pod) && budget.spec.selector !== undefined && matchesLabelSelector(budget.spec.selector, pod.metadata.labels ?? {}),
  )

/** Counts what a PodDisruptionBudget allows. */
export function reconcileBudget(client: Client, name: string, namespace: string | undefined): void {
  const found = client.get(budgets, name, namespace)
  if (!found) return
  const budget = as<Budget>(found)
  const mine = chosen(client, budget)
  const healthy = mine.filter((pod) => isActive(pod) && isReady(pod)).length
  const expected = expectedPods(client, mine)
  const { minAvailable, maxUnavailable } = budget.spec
  const desired =
    maxUnavailable !== undefined
      ? Math.max(0, expected - share(maxUnavailable, expected, Math.ceil))
      : share(minAvailable ?? 1, expected, Math.ceil)
  const allowed = expected > 0 ? Math.max(0, healthy - desired) : 0
  const conditions = withCondition(budget.status.conditions, {
    type: 'DisruptionAllowed',
    status: allowed > 0 ? 'True' : 'False',
    reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: budget.metadata.generation ?? 1,
  })
  setStatus(client, budgets, budget, {
    observedGeneration: budget.metadata.generation,
    disruptionsAllowed: allowed,
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected,
    conditions,
  })
}

/** What the pods' owners want, or the number of pods where nobody wants any. */
function expectedPods(client: Client, mine: readonly Pod[]): number {
  const owners = new Map<string, number>()
  let alone = 0
  for (const pod of mine) {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller)
    const set =
      owner?.kind === 'ReplicaSet' ? client.get({ group: 'apps', resource: 'replicasets' }, owner.name, pod.metadata.namespace) : undefined
    if (!set) alone++
    else {
      const top = set.metadata.ownerReferences?.find(({ controller }) => controller)
      const deployment = top && client.get({ group: 'apps', resource: 'deployments' }, top.name, pod.metadata.namespace)
      const wants = (deployment ?? set)['spec'] as { replicas?: number }
      owners.set((deployment ?? set).metadata.uid ?? '', wants.replicas ?? 0)
    }
  }
  return alone + [...owners.values()].reduce((sum, count) => sum + count, 0)
}

/** Deletes the pod when every budget that covers it allows one more to go; 429 otherwise. */
export function evict(client: Client, found: KubeObject, eviction: KubeObject, { dryRun }: { readonly dryRun: boolean }): void {
  const pod = as<Pod>(found)
  const { name, namespace } = pod.metadata
  const covering = client
    .list(budgets, { namespace: namespace ?? '' })
    .map((one) => as<Budget>(one))
    .filter((budget) => budget.spec.selector !== undefined && matchesLabelSelector(budget.spec.selector, pod.metadata.labels ?? {}))
  const free = isOver(pod) || pod.status.phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined
  if (!free) {
    if (covering.length > 1)
      throw unclassified('This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.')
    for (const { metadata, spec, status } of covering) {
      if (
        !isReady(pod) &&
        (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' || (status.currentHealthy >= status.desiredHealthy && status.desiredHealthy > 0))
      )
        continue
      const refuse = (message: string, more = {}) =>
        new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
          causes: [{ reason: 'DisruptionBudget', message }],
          ...more,
        })
      if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0))
        throw refuse(`The disruption budget ${metadata.name} is still being processed by the server.`, { retryAfterSeconds: 10 })
      if (status.disruptionsAllowed < 1)
        throw refuse(
          `The disruption budget ${metadata.name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently`,
        )
    }
  }
  const options = (eviction['deleteOptions'] ?? {}) as {
    readonly gracePeriodSeconds?: number
    readonly preconditions?: { readonly uid?: string }
  }
  const uid = options.preconditions?.uid
  if (uid !== undefined && uid !== pod.metadata.uid)
    throw new StatusError(
      409,
      'Conflict',
      `Operation cannot be fulfilled on pods "${name}": Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`,
    )
  if (dryRun) return
  client.update(
    pods,
    name,
    namespace,
    (draft) => {
      const { status } = as<Pod>(draft)
      status.conditions = withCondition(status.conditions, {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'EvictionByEvictionAPI',
        message: 'Eviction API: evicting',
        lastProbeTime: null,
      })
    },
    { subresource: 'status', manager: 'kube-apiserver' },
  )
  client.delete(pods, name, namespace, options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds })
  for (const { metadata } of covering) reconcileBudget(client, metadata.name, namespace)
}
