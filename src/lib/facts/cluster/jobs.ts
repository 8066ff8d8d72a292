import type { Condition, KubeObject } from '../../systems/kube/types.ts'

/** A Job that has given up. */
export interface FailedJob {
  readonly namespace: string
  readonly name: string
  /** BackoffLimitExceeded, DeadlineExceeded … */
  readonly reason: string
  readonly message: string
  /** RFC 3339. */
  readonly at?: string
}

interface JobStatus {
  readonly conditions?: readonly Condition[]
  readonly completionTime?: string
}

const conditionOf = (job: KubeObject, type: string): Condition | undefined =>
  (job.status as JobStatus | undefined)?.conditions?.find((one) => one.type === type && one.status === 'True')

const cronJobOf = ({ metadata }: KubeObject): string | undefined => metadata.ownerReferences?.find(({ kind }) => kind === 'CronJob')?.uid

/** Jobs whose last word is a failure, whether their pods are still there or not; one of a CronJob counts until a later one of it completed. */
export const failedJobs = (jobs: readonly KubeObject[]): readonly FailedJob[] => {
  const cured = new Map<string, string>()
  for (const job of jobs) {
    const cron = cronJobOf(job)
    const done = conditionOf(job, 'Complete') && (job.metadata.creationTimestamp ?? '')
    if (cron !== undefined && done !== undefined && done > (cured.get(cron) ?? '')) cured.set(cron, done)
  }
  return jobs.flatMap((job) => {
    const failed = conditionOf(job, 'Failed')
    if (!failed || (job.metadata.creationTimestamp ?? '') < (cured.get(cronJobOf(job) ?? '') ?? '')) return []
    return [
      {
        namespace: job.metadata.namespace ?? '',
        name: job.metadata.name,
        reason: failed.reason ?? 'Failed',
        message: failed.message ?? '',
        ...(failed.lastTransitionTime !== undefined && { at: failed.lastTransitionTime }),
      },
    ]
  })
}
