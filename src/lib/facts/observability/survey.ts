import type { Clock } from '../../clock.ts'
import type { Environment } from '../../environment/schema.ts'
import type { Agent, Grafana, MetricsReader, WriteAnswer } from '../../systems/metrics/types.ts'
import type { Readers } from '../../systems/systems.ts'
import type { TracesReader } from '../../systems/traces/types.ts'
import { type Answer, answer, codeOf } from '../answer.ts'
import { sourcesOf } from '../secrets/sources.ts'
import { barredFrom } from './egress.ts'

/** The newest sample of one pod, as the store has it. */
export interface Sampled {
  readonly cluster: string
  readonly instance: string
  /** Undefined where its samples have no such label. */
  readonly namespace: string | undefined
  readonly at: Date
}

export interface Samples {
  /** Of the last hour. */
  readonly pods: readonly Sampled[]
  /** Where there is none of the last hour: the newest of thirty days. */
  readonly last: Date | undefined
}

export interface TracedService {
  readonly service: string
  /** Its newest trace of a day; undefined where there is none. */
  readonly last: Answer<Date | undefined>
}

/** What watches the application, part by part: each is asked by itself, and one that is away takes no other with it. */
export interface ObservabilitySurvey {
  readonly agent: Answer<Agent>
  /** NetworkPolicies that leave the agent no way out on 443. */
  readonly barred: Answer<readonly string[]>
  readonly write: Answer<WriteAnswer>
  /** Where the live token is refused or gone: whether the one of its source is let in. */
  readonly sourceLetsIn: boolean
  /** Undefined where the configuration does not say where to ask. */
  readonly samples: Answer<Samples> | undefined
  readonly traced: readonly TracedService[] | undefined
  readonly grafana: Answer<Grafana>
  /** What the configuration lacks, in words. */
  readonly lacking: readonly string[]
}

const hour = 3_600_000
export const tracedHours = 24

/** Asks all at once. */
export const surveyObservability = async (
  { kube, metrics, traces, checkout }: Readers<'kube' | 'metrics' | 'traces' | 'checkout'>,
  environment: Environment,
  clock: Clock,
): Promise<ObservabilitySurvey> => {
  const { namespace, observability: own } = environment
  const lacking = [metrics.lacking(), traces.lacking()]
  const [agent, barred, write, samples, traced, grafana] = await Promise.all([
    answer(metrics.agent()),
    answer(barredOf(kube, namespace, own.agent)),
    answer(metrics.mayWrite()),
    lacking[0] === undefined ? answer(samplesOf(metrics, own.service)) : undefined,
    lacking[1] === undefined
      ? Promise.all(own.traced.map(async (service) => ({ service, last: await answer(lastTrace(traces, service, clock)) })))
      : undefined,
    answer(metrics.grafana()),
  ])
  const isRefused = write.answered ? !write.value.takes : codeOf(write) === 'ingest-no-token'
  const sourceLetsIn = isRefused && (await sourceIsLetIn({ metrics, checkout }, environment).catch(() => false))
  return { agent, barred, write, sourceLetsIn, samples, traced, grafana, lacking: lacking.flatMap((one) => one ?? []) }
}

/** Whoever cannot be asked, or has no such file, knows of no token that is. */
const sourceIsLetIn = async ({ metrics, checkout }: Readers<'metrics' | 'checkout'>, environment: Environment): Promise<boolean> => {
  const { secret, tokenKey } = environment.observability
  const source = sourcesOf(environment)[secret]?.[tokenKey]
  const token = source && (await checkout.value(source))
  return token !== undefined && token.reveal() !== '' && (await metrics.mayWrite(token)).takes
}

const barredOf = async (kube: Readers<'kube'>['kube'], namespace: string, agent: string): Promise<readonly string[]> => {
  const [deployment, policies] = await Promise.all([kube.get('Deployment', agent, namespace), kube.list('NetworkPolicy', { namespace })])
  return deployment === undefined ? [] : barredFrom(443, deployment.spec.template.metadata?.labels ?? {}, policies)
}

/** `up` says nothing about now: an agent that is gone leaves it as it was. The times of the samples themselves do. */
const samplesOf = async (metrics: MetricsReader, service: string): Promise<Samples> => {
  const of = `service=${JSON.stringify(service)}`
  const found = await metrics.query(`max by (cluster,instance,namespace) (tlast_over_time({${of}}[1h]))`)
  const pods = found.map(({ labels, value }) => ({
    cluster: labels['cluster'] ?? '',
    instance: labels['instance'] ?? '',
    namespace: labels['namespace'],
    at: new Date(value * 1000),
  }))
  if (pods.length > 0) return { pods, last: undefined }
  // One series a pod: all of them, of a month, would be a burden.
  const [last] = await metrics.query(`max by (service) (tlast_over_time(up{${of}}[30d]))`)
  return { pods, last: last && new Date(last.value * 1000) }
}

const lastTrace = async (traces: TracesReader, service: string, clock: Clock): Promise<Date | undefined> => {
  const to = clock.now()
  // The short look first: few are found in it, and all that are.
  for (const hours of [1, tracedHours]) {
    const found = await traces.find({ service, from: new Date(to.getTime() - hours * hour), to, limit: 20 })
    const starts = found.flatMap(({ spans }) => spans.map(({ startMs }) => startMs))
    if (starts.length > 0) return new Date(Math.max(...starts))
  }
  return undefined
}
