import { migratesToNote } from '../../notes.ts'
import { hasEnded, isLeaving } from '../../pod-state.ts'
import type { Condition, KubeObject, Pod } from '../../systems/kube/types.ts'
import { jobName } from '../db/migrate-job.ts'
import { ownerOf } from './owner.ts'

/** Something that has ended and lies about: nobody counts it, and nothing waits for it. */
export interface Leftover {
  readonly kind: 'Pod' | 'Job'
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** The workload that it was of, "Deployment api"; its own name where it was of none. */
  readonly owner: string
  /** "Evicted", "Failed", "Succeeded"; of a Job "Complete" or "Failed". */
  readonly reason: string
  /** RFC 3339: when it ended, or was made where that is not known. */
  readonly at: string
  /** Finalizers: while one is there, a deletion does not come to its end. */
  readonly held: readonly string[]
}

/** Milliseconds: a Job that has ended is kept so long. */
const keptFor = 86_400_000

const leftoverOf = ({ metadata }: KubeObject, more: Pick<Leftover, 'kind' | 'owner' | 'reason' | 'at'>): Leftover => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name,
  uid: metadata.uid ?? '',
  held: metadata.finalizers ?? [],
  ...more,
})

/** Pods that have ended. The pods of a Job are its tries: it counts them, and they go with it. */
export const leftoverPods = (pods: readonly Pod[]): readonly Leftover[] =>
  pods
    .filter((pod) => hasEnded(pod) && !isLeaving(pod) && !pod.metadata.ownerReferences?.some(({ kind }) => kind === 'Job'))
    .map((pod) => {
      const ends = (pod.status.containerStatuses ?? []).flatMap(({ state }) => state?.terminated?.finishedAt ?? []).sort()
      return leftoverOf(pod, {
        kind: 'Pod',
        owner: ownerOf(pod),
        reason: pod.status.reason ?? pod.status.phase,
        at: ends.at(-1) ?? pod.metadata.creationTimestamp ?? '',
      })
    })

/**
 * Jobs that ended more than a day ago. Not the migration's: its object is the record that db:migrate and db:recover-migration go by. Not those of an
 * owner, such as a CronJob, which keeps as many as it is told to.
 */
export const leftoverJobs = (jobs: readonly KubeObject[], now: Date): readonly Leftover[] =>
  jobs.flatMap((job) => {
    const { name, annotations, ownerReferences = [], deletionTimestamp } = job.metadata
    const isRecord = name === jobName || annotations?.[migratesToNote] !== undefined
    if (isRecord || ownerReferences.length > 0 || deletionTimestamp !== undefined) return []
    const { conditions = [] } = (job.status ?? {}) as { readonly conditions?: readonly Condition[] }
    const ended = conditions.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')
    const at = ended?.lastTransitionTime
    if (!ended || at === undefined || now.getTime() - Date.parse(at) < keptFor) return []
    return [leftoverOf(job, { kind: 'Job', owner: name, reason: ended.type, at })]
  })
