import { age } from '../age.ts'
import { reasonOf } from '../errors.ts'
import { type Answer, answer } from '../facts/answer.ts'
import { findHistogram, type Histogram, type RouteLatency, routeLatencies } from '../facts/observability/histogram.ts'
import { newestSlow, type SlowTrace } from '../facts/observability/slow-trace.ts'
import { duration, optionalArgument } from '../plan/choice.ts'
import { defineReport, type Table } from '../plan/report.ts'
import type { Readers } from '../systems/systems.ts'
import { knownMs, latencyFindings } from './observability/latency-findings.ts'
import { traceTable, whereItGoes } from './observability/trace-table.ts'

export interface Measured {
  readonly histogram: Histogram
  readonly routes: readonly RouteLatency[]
}

/** Routes that somebody reads. */
const mostRows = 15

/** How long the API takes by its own histogram, and where the time goes in the newest slow trace. */
export const latency = defineReport({
  id: 'latency',
  title: 'Show how long the API takes, and where the time goes in a slow request',
  needs: ['metrics', 'traces'],
  choices: {
    route: optionalArgument({ about: 'only this route, as the metrics have it: /api/tasks/' }),
    since: duration({ about: 'what is looked at', default: '1h' }),
  },
  look: async ({ route, since }, look, { environment, clock }) => {
    const { observability: own, health } = environment
    const to = clock.now()
    const [metricsLack, tracesLack] = [look.metrics.lacking(), look.traces.lacking()]
    const [measured, trace] = await Promise.all([
      metricsLack === undefined ? answer(measure(look, own, since)) : undefined,
      tracesLack === undefined
        ? answer(
            newestSlow(look.traces, { service: own.traced[0] ?? '', route, from: new Date(to.getTime() - since), to, slowMs: knownMs }),
          )
        : undefined,
    ])
    const probed = new URL(health).pathname
    // A probe's answer is no request of anybody.
    const all = measured?.answered ? measured.value.routes.filter((one) => one.route !== probed || one.route === route) : []
    const shown = all.filter((one) => route === undefined || one.route === route)
    const slow = trace?.answered ? trace.value : undefined
    return {
      findings: latencyFindings({
        measured,
        trace,
        shown,
        all,
        route,
        since,
        lacking: [metricsLack, tracesLack].flatMap((one) => one ?? []),
      }),
      tables: [routeTable(measured, shown, since), ...(slow ? [traceTable(slow, to)] : [])],
      notes: [
        ...(shown.length > mostRows ? [`${shown.length - mostRows} more routes: --json has them`] : []),
        ...(slow ? [whereItGoes(slow)] : []),
        `Beside it: a request of /api/tasks/ took ${knownMs} ms in 2 spans once the pooler and the cache were there (88fb175), and 2473 ms in 5 before`,
      ],
      unreachable: [measured, trace].every((one) => one === undefined || !one.answered) && (measured ?? trace) !== undefined,
      data: dataOf(measured, shown, trace),
    }
  },
})

const measure = async (
  { metrics }: Readers<'metrics'>,
  own: { readonly service: string; readonly histogram?: string | undefined; readonly route?: string | undefined },
  since: number,
): Promise<Measured> => {
  const histogram = await findHistogram(metrics, own)
  const { name, label } = histogram
  return { histogram, routes: name === undefined ? [] : await routeLatencies(metrics, { name, label }, own.service, since) }
}

const ms = ({ ms: value, beyond }: RouteLatency['quantiles']['p50']): string =>
  `${beyond ? 'over ' : ''}${value < 10 ? value.toFixed(1) : Math.round(value)} ms`

const routeTable = (measured: Answer<Measured> | undefined, shown: readonly RouteLatency[], since: number): Table => {
  const name = measured?.answered ? measured.value.histogram.name : undefined
  return {
    title: `Requests of the last ${age(since / 1000)}${name === undefined ? '' : `, by ${name}`}`,
    columns: ['route', 'requests', 'p50', 'p95', 'p99'],
    rows: shown
      .slice(0, mostRows)
      .map(({ route, requests, quantiles: { p50, p95, p99 } }) => [route, String(requests), ms(p50), ms(p95), ms(p99)]),
  }
}

const dataOf = (
  measured: Answer<Measured> | undefined,
  routes: readonly RouteLatency[],
  trace: Answer<SlowTrace | undefined> | undefined,
) => ({
  histogram: measured === undefined ? null : measured.answered ? measured.value.histogram : { error: reasonOf(measured.error) },
  routes,
  trace: trace === undefined ? null : trace.answered ? (trace.value ?? null) : { error: reasonOf(trace.error) },
})
