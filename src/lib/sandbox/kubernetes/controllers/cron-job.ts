import type { KubeObject } from '../types.ts'
import { type Context, tolerant } from './context.ts'
import type { Job } from './job.ts'
import { as, cronJobs, jobs, owns, setStatus } from './objects.ts'

interface CronJob extends KubeObject {
  spec: { successfulJobsHistoryLimit?: number; failedJobsHistoryLimit?: number }
  status: { lastScheduleTime?: string; lastSuccessfulTime?: string }
}

const source = { component: 'cronjob-controller' }
const end = (job: Job) => job.status.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')

/** Sees to the Jobs of a CronJob that somebody made by hand, and keeps as many ended ones as it says. It starts none itself. */
export function reconcileCronJob({ client, event, settling }: Context, name: string, namespace: string | undefined): void {
  const found = client.get(cronJobs, name, namespace)
  if (!found || found.metadata.deletionTimestamp) return
  const cron = as<CronJob>(found)
  const mine = client
    .list(jobs, namespace === undefined ? {} : { namespace })
    .map((job) => as<Job>(job))
    .filter((job) => owns(cron, job))
  if (!settling())
    for (const job of mine.filter((one) => !end(one)))
      event(cron, 'Warning', 'UnexpectedJob', `Saw a job that the controller did not create or forgot: ${job.metadata.name}`, source)
  const finished = (type: string) =>
    mine.filter((job) => end(job)?.type === type).sort((a, b) => ((a.status.startTime ?? '') < (b.status.startTime ?? '') ? -1 : 1))
  const succeeded = finished('Complete')
  const latest = succeeded
    .map(({ status }) => status.completionTime ?? '')
    .sort()
    .at(-1)
  if (latest && latest > (cron.status.lastSuccessfulTime ?? ''))
    setStatus(client, cronJobs, cron, { ...cron.status, lastSuccessfulTime: latest })
  const keep = (list: readonly Job[], limit: number | undefined) => {
    for (const job of limit === undefined ? [] : list.slice(0, Math.max(0, list.length - limit)))
      tolerant(() => client.delete(jobs, job.metadata.name, namespace, { propagationPolicy: 'Background' }))
  }
  keep(succeeded, cron.spec.successfulJobsHistoryLimit)
  keep(finished('Failed'), cron.spec.failedJobsHistoryLimit)
}
