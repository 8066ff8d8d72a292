import { age } from '../../age.ts'
import { isReady } from '../../pod-state.ts'
import { sh } from '../../shell.ts'
import type { KubeReader, Pod, PodDisruptionBudget } from '../../systems/kube/types.ts'
import { secondsSince } from '../ages.ts'
import { clipped } from '../cluster/clipped.ts'
import { unplaced } from '../cluster/unplaced.ts'
import { stuckBecause } from '../cluster/unready.ts'

/** A budget with the pods that it covers, by the API server's own reading of its selector. */
export interface Covering {
  readonly budget: PodDisruptionBudget
  readonly pods: readonly Pod[]
}

/** The selector as kubectl's -l takes it; undefined where it selects nothing. */
const selectorOf = ({ spec: { selector } }: PodDisruptionBudget): string | undefined =>
  selector &&
  [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(selector.matchExpressions ?? []).map(({ key, operator, values = [] }) =>
      operator === 'Exists' ? key : operator === 'DoesNotExist' ? `!${key}` : `${key} ${operator.toLowerCase()} (${values.join()})`,
    ),
  ].join()

/** Every budget with its pods. */
export const readBudgets = async (kube: KubeReader): Promise<readonly Covering[]> =>
  Promise.all(
    (await kube.list('PodDisruptionBudget')).map(async (budget) => {
      const { namespace = '' } = budget.metadata
      const labels = selectorOf(budget)
      return { budget, pods: labels === undefined ? [] : await kube.pods({ namespace, ...(labels !== '' && { labels }) }) }
    }),
  )

/** What budgets say to the eviction of these pods: `never` ends before it begins, `waits` may pass. */
export interface BudgetsSay {
  readonly never: readonly { readonly because: string; readonly next: string }[]
  readonly waits: readonly string[]
}

/** `stays`: those of them that no other node takes, so that nothing comes in their place. */
export const budgetsOf = (leaving: readonly Pod[], all: readonly Covering[], stays: ReadonlyMap<Pod, string>, now: Date): BudgetsSay => {
  const same = (one: Pod) => (other: Pod) => one.metadata.uid === other.metadata.uid
  const never: { because: string; next: string }[] = []
  const waits: string[] = []
  for (const pod of leaving) {
    const over = all.filter(({ pods }) => pods.some(same(pod)))
    const { namespace = '', name } = pod.metadata
    if (over.length > 1)
      never.push({
        because: `${name} is covered by ${over.length} budgets (${over.map(({ budget }) => budget.metadata.name).join(', ')}): the API evicts no such pod`,
        next: sh`kubectl -n ${namespace} get poddisruptionbudgets`,
      })
  }
  for (const { budget, pods } of all) {
    const { namespace = '', name } = budget.metadata
    const mine = leaving.filter((pod) => pods.some(same(pod)))
    const { disruptionsAllowed = 0, currentHealthy = 0, desiredHealthy = 0, expectedPods = 0 } = budget.status ?? {}
    // A pod that is not ready may go where the others are enough, or the budget does not count it.
    const freely = budget.spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' || (desiredHealthy > 0 && currentHealthy >= desiredHealthy)
    const held = mine.filter((pod) => isReady(pod) || !freely)
    if (held.length <= disruptionsAllowed) continue
    const next = sh`kubectl -n ${namespace} describe poddisruptionbudget ${name}`
    const may = expectedPods - desiredHealthy
    const bound = held.filter((pod) => stays.has(pod)).length
    const ill = pods.filter((pod) => !isReady(pod)).flatMap((pod) => whyNever(pod))
    if (budget.status === undefined) waits.push(`The budget ${name} has not been counted yet: it is waited for`)
    else if (may <= 0)
      never.push({ because: `the budget ${name} asks for ${desiredHealthy} of ${expectedPods} pods: it lets none go, ever`, next })
    else if (bound > may)
      never.push({ because: `the budget ${name} lets ${may} go, and ${bound} of its pods here can run nowhere else`, next })
    else if (disruptionsAllowed === 0 && ill.length > 0)
      never.push({ because: `the budget ${name} lets none go: ${ill.join('; ')}`, next: 'honeydue cluster:health' })
    else if (disruptionsAllowed === 0) {
      const since = unreadySince(pods, now)
      waits.push(
        `The budget ${name} lets none go now${since === undefined ? '' : `, for ${since}`}: ${currentHealthy} of ${expectedPods} are ready, and ${desiredHealthy} must stay; it is waited for`,
      )
    } else
      waits.push(
        `The budget ${name} lets ${disruptionsAllowed} go at a time, and ${held.length} are here: each waits for the one before it`,
      )
  }
  return { never, waits }
}

/** What no waiting makes ready. */
const whyNever = (pod: Pod): readonly string[] => {
  const stuck = stuckBecause(pod)
  if (stuck !== undefined) return [`${pod.metadata.name} is in ${stuck}`]
  const noNode = unplaced(pod)
  return noNode ? [`${pod.metadata.name} has no node: ${clipped(noNode.message ?? noNode.reason ?? '', 120)}`] : []
}

const unreadySince = (pods: readonly Pod[], now: Date): string | undefined => {
  const [first] = pods
    .filter((pod) => !isReady(pod))
    .map(
      ({ metadata, status }) => status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? metadata.creationTimestamp,
    )
    .filter((time) => time !== undefined)
    .sort()
  const seconds = secondsSince(first, now)
  return seconds === undefined ? undefined : age(seconds)
}
