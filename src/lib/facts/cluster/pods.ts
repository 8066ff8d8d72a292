import { hasEnded, isLeaving } from '../../pod-state.ts'
import type { ContainerState, ContainerStatus, Pod } from '../../systems/kube/types.ts'
import { secondsSince } from '../ages.ts'
import { endingOf } from './ending.ts'
import { ownerOf } from './owner.ts'
import { unplaced } from './unplaced.ts'

/** Why a pod is not well, from its status alone. */
export interface Unwell {
  readonly pod: string
  readonly namespace: string
  /** "Deployment api", or the pod itself where nothing owns it. */
  readonly owner: string
  readonly node?: string
  /** The one node, by its hostname label, that its own selector lets it run on. */
  readonly boundTo?: string
  /** One word where Kubernetes has one: CrashLoopBackOff, Unschedulable, NotReady … */
  readonly reason: string
  readonly message?: string
  /** The container that the reason is of. */
  readonly container?: string
  /** There are others in the pod. */
  readonly oneOfSeveral?: true
  /** What stands in the status about its end: why it could not be started, or what it wrote itself. */
  readonly ending?: string
  /** Of all its containers, those that prepare it too. */
  readonly restarts: number
  /** How its container ended last: "OOMKilled (137)". */
  readonly last?: string
  /** When that was, RFC 3339. */
  readonly lastAt?: string
  /** Seconds since the pod was made. */
  readonly age: number
  /** False while it may still become well by itself (starting), or is well again (restarted within the hour). */
  readonly wrong: boolean
  /** Whose log has something to say: that of the container that runs, or of the one before it. */
  readonly log?: 'present' | 'previous'
}

/** The startup probe of the api gives it 240 s (ch07). */
const startingFor = 240
const hour = 3600

/** Waiting for these is part of every start. */
const passing = new Set(['ContainerCreating', 'PodInitializing'])

const ended = (state: ContainerState | undefined): string | undefined =>
  state?.terminated && `${state.terminated.reason ?? 'ended'} (${state.terminated.exitCode})`

type Why = Pick<Unwell, 'reason' | 'wrong'> & Partial<Pick<Unwell, 'message' | 'log'>> & { readonly of?: ContainerStatus }

const ofContainer = (of: ContainerStatus, young: boolean, ends: boolean): Why | undefined => {
  const { state, lastState, ready, restartCount } = of
  const waiting = state?.waiting
  if (waiting) {
    const reason = waiting.reason ?? 'Waiting'
    const log = restartCount > 0 || lastState?.terminated ? ({ log: 'previous' } as const) : {}
    return { of, reason, ...(waiting.message && { message: waiting.message }), wrong: !(young && passing.has(reason)), ...log }
  }
  if (state?.terminated) {
    if (ends && state.terminated.exitCode === 0) return undefined
    return { of, reason: state.terminated.reason ?? 'Terminated', wrong: true, log: 'present' }
  }
  return ready ? undefined : { of, reason: young ? 'Starting' : 'NotReady', wrong: !young, log: 'present' }
}

/** Who keeps a pod that was told to end: a finalizer, or a node that nobody hears from. */
const leaving = ({ metadata, spec }: Pod, seconds: number, silent: ReadonlySet<string>): Why | undefined => {
  if (seconds <= 60) return undefined
  const [finalizer] = metadata.finalizers ?? []
  const kept =
    spec.nodeName !== undefined && silent.has(spec.nodeName)
      ? `its node ${spec.nodeName} is away: it ends when the node is back, or is deleted`
      : finalizer !== undefined && `the finalizer ${finalizer} holds it`
  return { reason: 'Terminating', wrong: true, ...(kept && { message: kept }) }
}

/** The latest container that ended within the hour and runs again. */
const again = ({ status }: Pod, now: Date): Why | undefined => {
  const recent = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
    .filter(({ lastState }) => (secondsSince(lastState?.terminated?.finishedAt, now) ?? hour) < hour)
    .sort((a, b) => (b.lastState?.terminated?.finishedAt ?? '').localeCompare(a.lastState?.terminated?.finishedAt ?? ''))
  const [of] = recent
  return of && { of, reason: 'Restarted', wrong: false, log: 'previous' }
}

const why = (pod: Pod, now: Date, silent: ReadonlySet<string>): Why | undefined => {
  const { metadata, status, spec } = pod
  if (hasEnded(pod)) return undefined
  if (isLeaving(pod)) return leaving(pod, secondsSince(metadata.deletionTimestamp, now) ?? 0, silent)
  const young = (secondsSince(metadata.creationTimestamp, now) ?? 0) < startingFor
  const noNode = unplaced(pod)
  if (noNode) return { reason: noNode.reason ?? 'Unschedulable', ...(noNode.message && { message: noNode.message }), wrong: true }
  const init = (status.initContainerStatuses ?? []).flatMap((one) => (one.ready ? [] : (ofContainer(one, young, true) ?? [])))
  // Where the pod is not restarted, a container that has done its work is done.
  const once = spec.restartPolicy === 'Never' || spec.restartPolicy === 'OnFailure'
  const own = (status.containerStatuses ?? []).flatMap((one) => ofContainer(one, young, once) ?? [])
  const [worst] = [...init, ...own].sort((a, b) => Number(b.wrong) - Number(a.wrong))
  if (worst) return worst
  const unready = status.conditions?.find(({ type, status: is }) => type === 'Ready' && is !== 'True')
  if (unready && !once) return { reason: unready.reason ?? 'NotReady', ...(unready.message && { message: unready.message }), wrong: !young }
  return waits(pod, young) ?? again(pod, now)
}

/** Nobody has taken it up: nothing is said of it anywhere, and nothing will be. */
const waits = ({ status, spec }: Pod, young: boolean): Why | undefined => {
  if (status.phase !== 'Pending' || (status.containerStatuses ?? []).length > 0 || (status.initContainerStatuses ?? []).length > 0)
    return undefined
  const message =
    spec.nodeName === undefined
      ? `no scheduler has said anything of it${spec.schedulerName === undefined || spec.schedulerName === 'default-scheduler' ? '' : `: it waits for ${spec.schedulerName}`}`
      : `the kubelet of ${spec.nodeName} has not taken it up`
  return young ? undefined : { reason: 'Pending', message, wrong: true }
}

/** Why this pod is not well; undefined where it is, or has ended. `silent`: the nodes that are not Ready, by name. */
export const unwell = (pod: Pod, now: Date, silent: ReadonlySet<string> = new Set()): Unwell | undefined => {
  const found = why(pod, now, silent)
  if (!found) return undefined
  const { metadata, status, spec } = pod
  const boundTo = spec.nodeSelector?.['kubernetes.io/hostname']
  const last = found.of?.lastState?.terminated ? found.of.lastState : found.of?.state
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  const ending = found.of && endingOf(found.of)
  return {
    pod: metadata.name,
    namespace: metadata.namespace ?? '',
    owner: ownerOf(pod),
    ...(spec.nodeName !== undefined && { node: spec.nodeName }),
    ...(boundTo !== undefined && { boundTo }),
    reason: found.reason,
    ...(found.message !== undefined && { message: found.message }),
    ...(found.of && { container: found.of.name }),
    ...(found.of && statuses.length > 1 && { oneOfSeveral: true }),
    ...(ending !== undefined && { ending }),
    restarts: statuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
    ...(last?.terminated && { last: ended(last) ?? '' }),
    ...(last?.terminated?.finishedAt !== undefined && { lastAt: last.terminated.finishedAt }),
    age: secondsSince(metadata.creationTimestamp, now) ?? 0,
    wrong: found.wrong,
    ...(found.log && { log: found.log }),
  }
}
