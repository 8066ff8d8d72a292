import { age } from '../../age.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import type { Answer } from '../../facts/answer.ts'
import type { Histogram, RouteLatency } from '../../facts/observability/histogram.ts'
import type { SlowTrace } from '../../facts/observability/slow-trace.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { databaseShare } from './trace-table.ts'

const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next !== undefined && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next !== undefined && { next }) })
const nextOf = (error: unknown): string | undefined => (error instanceof Trouble ? error.next : undefined)

/** What a request took in chapter 15's trace, with the pooler and the cache (88fb175). */
export const knownMs = 229
/** Whoever waits as long has noticed it. */
const feltMs = 1000

export interface Looked {
  readonly measured: Answer<{ readonly histogram: Histogram }> | undefined
  readonly trace: Answer<SlowTrace | undefined> | undefined
  /** Of the routes that are asked for. */
  readonly shown: readonly RouteLatency[]
  readonly all: readonly RouteLatency[]
  readonly route: string | undefined
  readonly since: number
  readonly lacking: readonly string[]
}

/** What is slow, the slowest first, and what is not known. */
export const latencyFindings = (looked: Looked): readonly Observation[] => {
  const { measured, trace, lacking } = looked
  const all = [
    ...(measured && !measured.answered ? [wrong(reasonOf(measured.error), nextOf(measured.error))] : []),
    ...(trace && !trace.answered ? [wrong(reasonOf(trace.error), nextOf(trace.error))] : []),
    ...(measured?.answered ? ofHistogram(measured.value.histogram) : []),
    ...ofRoutes(looked),
    ...(trace?.answered && trace.value ? ofTrace(trace.value) : []),
    ...lacking.map((lack) => warning(`Not asked: ${lack}`, 'honeydue config:explain')),
  ]
  return worstFirst(all)
}

const ofHistogram = ({ name, candidates }: Histogram): readonly Observation[] => {
  if (name !== undefined) return []
  return [
    candidates.length === 0
      ? warning('The API has no histogram in the store: how long it takes is not known', 'honeydue observability:status')
      : warning(
          `Which histogram is of the requests is not clear: ${candidates.join(', ')}. observability.histogram names it`,
          'honeydue config:explain',
        ),
  ]
}

const ofRoutes = ({ measured, shown, all, route, since, trace }: Looked): readonly Observation[] => {
  if (!measured?.answered || measured.value.histogram.name === undefined) return []
  if (shown.length === 0) {
    if (route === undefined || all.length === 0)
      return [warning(`No request was counted in the last ${age(since / 1000)}`, 'honeydue observability:status')]
    return [warning(`${route} is no route that was asked for in the last ${age(since / 1000)}`, 'honeydue latency')]
  }
  const next = whereNext(trace?.answered ? trace.value : undefined)
  return shown
    .flatMap(({ route: name, quantiles: { p50, p95 } }) => {
      if (p95.ms >= feltMs)
        return [{ ms: p95.ms, told: wrong(`${name}: one request of twenty takes ${Math.round(p95.ms)} ms or longer`, next) }]
      return p50.ms > knownMs
        ? [{ ms: p50.ms, told: warning(`${name}: half of the requests take longer than ${Math.round(p50.ms)} ms`, next) }]
        : []
    })
    .sort((one, other) => other.ms - one.ms)
    .slice(0, 5)
    .map(({ told }) => told)
}

/** The command that looks at where the time goes. */
const whereNext = (trace: SlowTrace | undefined): string =>
  trace !== undefined && trace.isSlow && databaseShare(trace) < 0.5 ? 'honeydue diagnose' : 'honeydue db:status'

const ofTrace = ({ name, tookMs, spans, isSlow }: SlowTrace): readonly Observation[] => {
  const asked = spans.filter(({ ofDatabase }) => ofDatabase).length
  return [
    ...(isSlow && asked > 2
      ? [warning(`The newest slow ${name} asked the database ${asked} times, ${Math.round(tookMs)} ms in all`, 'honeydue cache:status')]
      : []),
    ...spans
      .filter(({ span, depth }) => span.failed && depth > 0)
      .slice(0, 1)
      .map(({ span }) => warning(`In the newest slow ${name}, ${span.name} failed`, 'honeydue logs api')),
  ]
}
