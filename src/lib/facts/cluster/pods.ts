import type { ContainerState, ContainerStatus, Pod } from '../../systems/kube/types.ts'
import { secondsSince } from '../ages.ts'

/** Why a pod is not well, from its status alone. */
export interface Unwell {
  readonly pod: string
  readonly namespace: string
  /** "Deployment api", or the pod itself where nothing owns it. */
  readonly owner: string
  readonly node?: string
  /** One word where Kubernetes has one: CrashLoopBackOff, Unschedulable, NotReady … */
  readonly reason: string
  readonly message?: string
  /** The container that the reason is of. */
  readonly container?: string
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

/** The workload behind a pod: its ReplicaSet's name without the template's hash. */
const ownerOf = ({ metadata }: Pod): string => {
  const [owner] = metadata.ownerReferences ?? []
  if (!owner) return metadata.name
  const hash = metadata.labels?.['pod-template-hash']
  return owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)
    ? `Deployment ${owner.name.slice(0, -hash.length - 1)}`
    : `${owner.kind} ${owner.name}`
}

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

const why = (pod: Pod, now: Date): Why | undefined => {
  const { metadata, status } = pod
  if (status.phase === 'Succeeded') return undefined
  const leaving = secondsSince(metadata.deletionTimestamp, now)
  if (metadata.deletionTimestamp !== undefined) return (leaving ?? 0) > 60 ? { reason: 'Terminating', wrong: true } : undefined
  if (status.phase === 'Failed') {
    const of = status.containerStatuses?.find(({ state }) => state?.terminated)
    const message = status.message && { message: status.message }
    return { reason: status.reason ?? 'Failed', ...message, wrong: true, ...(of && { of, log: 'present' }) }
  }
  const young = (secondsSince(metadata.creationTimestamp, now) ?? 0) < startingFor
  const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status === 'False') {
    return { reason: scheduled.reason ?? 'Unschedulable', ...(scheduled.message && { message: scheduled.message }), wrong: true }
  }
  const init = (status.initContainerStatuses ?? []).flatMap((one) => (one.ready ? [] : (ofContainer(one, young, true) ?? [])))
  const own = (status.containerStatuses ?? []).flatMap((one) => ofContainer(one, young, false) ?? [])
  const [worst] = [...init, ...own].sort((a, b) => Number(b.wrong) - Number(a.wrong))
  if (worst) return worst
  const unready = status.conditions?.find(({ type, status: is }) => type === 'Ready' && is !== 'True')
  if (unready) return { reason: unready.reason ?? 'NotReady', ...(unready.message && { message: unready.message }), wrong: !young }
  const again = status.containerStatuses?.find(({ lastState }) => (secondsSince(lastState?.terminated?.finishedAt, now) ?? hour) < hour)
  return again && { of: again, reason: 'Restarted', wrong: false, log: 'previous' }
}

/** Why this pod is not well; undefined where it is. */
export const unwell = (pod: Pod, now: Date): Unwell | undefined => {
  const found = why(pod, now)
  if (!found) return undefined
  const { metadata, status, spec } = pod
  const last = found.of?.lastState?.terminated ? found.of.lastState : found.of?.state
  return {
    pod: metadata.name,
    namespace: metadata.namespace ?? '',
    owner: ownerOf(pod),
    ...(spec.nodeName !== undefined && { node: spec.nodeName }),
    reason: found.reason,
    ...(found.message !== undefined && { message: found.message }),
    ...(found.of && { container: found.of.name }),
    restarts: (status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
    ...(last?.terminated && { last: ended(last) ?? '' }),
    ...(last?.terminated?.finishedAt !== undefined && { lastAt: last.terminated.finishedAt }),
    age: secondsSince(metadata.creationTimestamp, now) ?? 0,
    wrong: found.wrong,
    ...(found.log && { log: found.log }),
  }
}
