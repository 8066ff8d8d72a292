import type { KubeReader, Pod } from '../../systems/kube/types.ts'
import { type Answer, answer } from '../answer.ts'

/** What one pod's boot log says of the warm-up of its database pool. */
export interface Warmup {
  readonly pod: string
  readonly startedAt?: string
  readonly restarts: number
  readonly ready: boolean
  /** The line that the pattern finds; undefined where none does, or where there is no pattern. */
  readonly line?: string
  /** From the pattern's groups `pings` and `ms`, where it has them. */
  readonly pings?: number
  readonly ms?: number
  /** Lines that may be the one, where no pattern says which. */
  readonly candidates: readonly string[]
}

/** The boot stands at the beginning of a log: so many bytes of it are read. */
const bootBytes = 65_536
const candidate = /warm|ping|pool|database|postgres/i
const mostCandidates = 5

const numberOf = (text: string | undefined): number | undefined => {
  const value = Number(text)
  return text === undefined || Number.isNaN(value) ? undefined : value
}

const isReady = ({ status }: Pod): boolean => status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false

/** The running pods of a Deployment and their logs' beginnings; a log that cannot be read is its error. Throws what kube throws. */
export const readBootLogs = async (
  kube: KubeReader,
  { namespace, deployment }: { readonly namespace: string; readonly deployment: string },
): Promise<readonly { readonly pod: Pod; readonly lines: Answer<readonly string[]> }[] | undefined> => {
  const owner = await kube.get('Deployment', deployment, namespace)
  if (!owner) return undefined
  const labels = Object.entries(owner.spec.selector.matchLabels ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
  const pods = (await kube.pods({ namespace, labels })).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  return Promise.all(
    pods.map(async (pod) => {
      const container = pod.spec.containers[0]?.name
      const log = { namespace, pod: pod.metadata.name, limit: bootBytes, ...(container !== undefined && { container }) }
      return { pod, lines: await answer(kube.log(log)) }
    }),
  )
}

/** Finds the warm-up in one log; without a pattern, what it might be. */
export const warmupOf = (pod: Pod, lines: readonly string[], pattern: RegExp | undefined): Warmup => {
  const status = pod.status.containerStatuses?.[0]
  const startedAt = status?.state?.running?.startedAt
  const found = pattern && lines.map((line) => pattern.exec(line)).find((match) => match !== null)
  const [pings, ms] = [numberOf(found?.groups?.pings), numberOf(found?.groups?.ms)]
  return {
    pod: pod.metadata.name,
    ...(startedAt !== undefined && { startedAt }),
    restarts: status?.restartCount ?? 0,
    ready: isReady(pod),
    ...(found && { line: found.input }),
    ...(pings !== undefined && { pings }),
    ...(ms !== undefined && { ms }),
    candidates: found ? [] : lines.filter((line) => candidate.test(line)).slice(0, mostCandidates),
  }
}
