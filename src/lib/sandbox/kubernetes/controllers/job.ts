import type { KubeObject } from '../types.ts'
import { type Context, tolerant } from './context.ts'
import { isLost, isTracked, releasePods, tracked, untrack } from './job-tracking.ts'
import {
  as,
  type Condition,
  filled,
  isActive,
  isOver,
  isReady,
  jobs,
  owns,
  type Pod,
  pods,
  podsOf,
  setStatus,
  stamp,
  type Template,
} from './objects.ts'
import { podFrom } from './replica-set.ts'

export interface Job extends KubeObject {
  spec: {
    parallelism?: number
    completions?: number
    backoffLimit?: number
    activeDeadlineSeconds?: number
    ttlSecondsAfterFinished?: number
    suspend?: boolean
    podReplacementPolicy?: string
    template: Template
  }
  status: { conditions?: Condition[]; startTime?: string; completionTime?: string; succeeded?: number; failed?: number }
}

const source = { component: 'job-controller' }
const firstBackoff = 10_000
const longestBackoff = 600_000

/** Runs a Job's pods until enough have succeeded, too many have failed, or its time is up. */
export function reconcileJob(context: Context, name: string, namespace: string | undefined, again: () => void): void {
  const { client, event, after, settling } = context
  const found = client.get(jobs, name, namespace)
  if (!found || found.metadata.deletionTimestamp) {
    releasePods(client, name, namespace)
    return
  }
  const job = as<Job>(found)
  const { parallelism = 1, completions = parallelism, backoffLimit = 6, activeDeadlineSeconds, ttlSecondsAfterFinished, suspend } = job.spec
  const ended = job.status.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')
  if (ended) {
    for (const pod of podsOf(client, namespace)) if (owns(job, pod) && isTracked(pod)) untrack(client, pod)
    if (ttlSecondsAfterFinished === undefined || settling()) return
    const left = Date.parse(ended.lastTransitionTime ?? '') + ttlSecondsAfterFinished * 1000 - Date.now()
    if (left > 0) after(left, again)
    else client.delete(jobs, name, namespace, { propagationPolicy: 'Foreground' })
    return
  }
  const all = podsOf(client, namespace).filter((pod) => owns(job, pod))
  const alive = all.filter((pod) => !isOver(pod))
  const lost = all.filter((pod) => isLost(pod, job.spec.podReplacementPolicy !== 'Failed'))
  // Each pod is counted once, and held until it is: one that is deleted afterwards stays in the count.
  const uncounted = all.filter((pod) => isTracked(pod) && (pod.status.phase === 'Succeeded' || lost.includes(pod)))
  const count = (of: readonly Pod[], before = 0) => before + uncounted.filter((pod) => of.includes(pod)).length
  const succeeded = count(
    all.filter(({ status }) => status.phase === 'Succeeded'),
    job.status.succeeded,
  )
  const failures = count(lost, job.status.failed)
  let conditions = job.status.conditions ?? []
  const add = (type: string, reason: string, message: string, status = 'True') => {
    const now = stamp()
    conditions = [
      ...conditions.filter((condition) => condition.type !== type),
      { type, status, lastProbeTime: now, lastTransitionTime: now, reason, message } as unknown as Condition,
    ]
  }
  const startTime = job.status.startTime ?? (suspend ? undefined : stamp(settling() ? Date.now() - 60_000 : Date.now()))
  const write = (more: Readonly<Record<string, unknown>>, active: number, failed: number) => {
    setStatus(client, jobs, job, {
      ...filled({ conditions, startTime, active, succeeded, failed }),
      ...more,
      terminating: all.filter((pod) => !isOver(pod) && pod.metadata.deletionTimestamp).length,
      uncountedTerminatedPods: {},
      ready: alive.filter((pod) => isActive(pod) && isReady(pod)).length,
    })
    for (const pod of uncounted) untrack(client, pod)
  }
  const end = () => {
    for (const pod of alive.filter(isActive)) {
      untrack(client, pod)
      client.delete(pods, pod.metadata.name, namespace)
    }
  }
  if (suspend) {
    end()
    if (!conditions.some(({ type, status }) => type === 'Suspended' && status === 'True')) {
      add('Suspended', 'JobSuspended', 'Job suspended')
      event(job, 'Normal', 'Suspended', 'Job suspended', source)
    }
    write({}, 0, failures)
    return
  }
  if (conditions.some(({ type, status }) => type === 'Suspended' && status === 'True')) {
    add('Suspended', 'JobResumed', 'Job resumed', 'False')
    event(job, 'Normal', 'Resumed', 'Job resumed', source)
  }
  const restarts = all.reduce(
    (sum, pod) =>
      sum +
      (pod.spec.restartPolicy === 'OnFailure'
        ? (pod.status.containerStatuses ?? []).reduce((n, { restartCount }) => n + restartCount, 0)
        : 0),
    0,
  )
  const target = conditions.find(({ type }) => type === 'FailureTarget')
  const left =
    startTime === undefined || activeDeadlineSeconds === undefined
      ? undefined
      : Date.parse(startTime) + activeDeadlineSeconds * 1000 - Date.now()
  const failure: readonly [string, string] | undefined = target
    ? [target.reason ?? '', target.message ?? '']
    : failures + restarts > backoffLimit
      ? ['BackoffLimitExceeded', 'Job has reached the specified backoff limit']
      : left !== undefined && left <= 0 && !settling()
        ? ['DeadlineExceeded', 'Job was active longer than specified deadline']
        : undefined
  if (failure) {
    if (!target) add('FailureTarget', ...failure)
    const failed = failures + alive.filter(isActive).length
    end()
    if (alive.length === 0) {
      add('Failed', ...failure)
      event(job, 'Warning', ...failure, source)
    }
    write({}, 0, Math.max(failed, job.status.failed ?? 0))
    return
  }
  if (succeeded >= completions && alive.length === 0) {
    add('SuccessCriteriaMet', 'CompletionsReached', 'Reached expected number of succeeded pods')
    add('Complete', 'CompletionsReached', 'Reached expected number of succeeded pods')
    event(job, 'Normal', 'Completed', 'Job completed', source)
    write({ completionTime: stamp() }, 0, failures)
    return
  }
  if (left !== undefined) after(Math.max(left, 10), again)
  const missing = Math.min(parallelism, completions - succeeded) - alive.length
  const latest = Math.max(
    0,
    ...lost.map((pod) => Date.parse(pod.metadata.deletionTimestamp ?? finishedAt(pod.status.containerStatuses) ?? stamp())),
  )
  const backoff = lost.length === 0 ? 0 : latest + Math.min(longestBackoff, firstBackoff * 2 ** (failures - 1)) - Date.now()
  let active = alive.filter(isActive).length
  if (missing > 0 && backoff > 0) after(backoff, again)
  else
    for (let i = 0; i < missing; i++) {
      const pod = tolerant(() => client.create(tracked(podFrom(job, job.spec.template))))
      if (!pod) break
      active++
      event(job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`, source)
    }
  write({}, active, failures)
}

const finishedAt = (
  statuses: readonly { readonly state: Readonly<Record<string, Readonly<Record<string, unknown>>>> }[] | undefined,
): string | undefined => {
  const at = statuses?.[0]?.state['terminated']?.['finishedAt']
  return typeof at === 'string' ? at : undefined
}
