import { migratesToNote } from '../../notes.ts'
import type { Container, KubeObject, KubeReader, Pod } from '../../systems/kube/types.ts'
import { failureOf, type GooseFailure } from './goose-failure.ts'

/** The Job's name (ch08), and the label that Kubernetes gives every pod of a Job. */
export const jobName = 'honeydue-migrate'
export const podLabel = `batch.kubernetes.io/job-name=${jobName}`

/** The last run of the Job. Times as Kubernetes gives them. */
export interface MigrateJob {
  readonly uid: string
  readonly image: string
  /** The version that db:migrate made it for; undefined where something else made it. */
  readonly migratesTo: bigint | undefined
  readonly outcome: 'complete' | 'failed' | 'running'
  readonly startedAt: string | undefined
  readonly endedAt: string | undefined
  /** Of its latest pod. */
  readonly log: readonly string[]
  readonly failure: GooseFailure | undefined
  /** Why its pod does not start: "ImagePullBackOff: …". */
  readonly stuck: string | undefined
}

/** A pod that may run migrations. `stuck`: why it has not started and does not. */
interface Runner {
  readonly pod: string
  readonly orphan: boolean
  readonly stuck: string | undefined
}

/** The Job, and every pod of its name that still runs: with an owner that is gone, it is an orphan. */
export interface Runners {
  readonly job: MigrateJob | undefined
  readonly alive: readonly Runner[]
}

/** Reads the Job, its pods and the log of the latest. */
export const gatherRunners = async (kube: KubeReader, namespace: string): Promise<Runners> => {
  const [job, pods] = await Promise.all([kube.get('Job', jobName, namespace), kube.pods({ namespace, labels: podLabel })])
  const uid = job?.metadata.uid
  const own = pods.filter((pod) => uid !== undefined && pod.metadata.ownerReferences?.some((owner) => owner.uid === uid))
  const latest = [...own].sort((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '')).at(-1)
  const log = latest && hasStarted(latest) ? await kube.log({ namespace, pod: latest.metadata.name, tail: 200 }) : []
  return {
    job: job && readJob(job, log, latest),
    alive: pods
      .filter(({ status }) => status.phase !== 'Succeeded' && status.phase !== 'Failed')
      .map((pod) => ({ pod: pod.metadata.name, orphan: !own.includes(pod), stuck: stuckOf(pod) })),
  }
}

const hasStarted = ({ status }: Pod): boolean =>
  status.containerStatuses?.some(({ state, lastState }) => state?.running ?? state?.terminated ?? lastState?.terminated) === true

interface JobShape {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } }
  readonly status?: {
    readonly startTime?: string
    readonly completionTime?: string
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly lastTransitionTime?: string }[]
  }
}

const readJob = (job: KubeObject, log: readonly string[], pod: Pod | undefined): MigrateJob => {
  const { spec, status } = job as unknown as JobShape
  const note = job.metadata.annotations?.[migratesToNote]
  const ended = status?.conditions?.find(({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True')
  return {
    uid: job.metadata.uid ?? '',
    image: apiContainer(spec.template.spec.containers)?.image ?? '',
    migratesTo: /^\d{1,19}$/.test(note ?? '') ? BigInt(note ?? 0) : undefined,
    outcome: ended ? (ended.type === 'Complete' ? 'complete' : 'failed') : 'running',
    startedAt: status?.startTime,
    endedAt: status?.completionTime ?? ended?.lastTransitionTime,
    log,
    failure: failureOf(log),
    stuck: pod && stuckOf(pod),
  }
}

const stuckOf = ({ status }: Pod): string | undefined => {
  const waiting = status.containerStatuses?.map(({ state }) => state?.waiting).find((state) => stuckReasons.has(state?.reason ?? ''))
  return waiting && [waiting.reason, waiting.message].filter(Boolean).join(': ')
}

const stuckReasons = new Set(['ImagePullBackOff', 'ErrImagePull', 'InvalidImageName', 'CreateContainerConfigError', 'CreateContainerError'])

/** The container that carries the migrations: goose is in the api image (12b2f9d). */
export const apiContainer = (containers: readonly Container[]): Container | undefined =>
  containers.find(({ image }) => /\/honeydue-api[:@]/.test(image ?? '')) ?? containers[0]
