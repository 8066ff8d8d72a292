import { randomBytes } from 'node:crypto'
import type { Labels, Sample } from './store.ts'

/** The application's own names are not known: these are the sandbox's. */
const histogram = 'http_request_duration_seconds'
const edges = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** A part of a request: what it was, when it began within it, and how long it took, in milliseconds. */
export interface Part {
  readonly name: string
  readonly from: number
  readonly took: number
  readonly tags?: Readonly<Record<string, string>>
}

/** One span as Jaeger gives it out; times in microseconds. */
export interface JaegerSpan {
  readonly traceID: string
  readonly spanID: string
  readonly operationName: string
  readonly references: readonly { readonly refType: 'CHILD_OF'; readonly traceID: string; readonly spanID: string }[]
  readonly startTime: number
  readonly duration: number
  readonly tags: readonly { readonly key: string; readonly type: string; readonly value: unknown }[]
  readonly processID: string
}

export interface JaegerTrace {
  readonly traceID: string
  readonly spans: readonly JaegerSpan[]
  readonly processes: Readonly<Record<string, { readonly serviceName: string; readonly tags: readonly unknown[] }>>
}

interface Counts {
  readonly buckets: number[]
  sum: number
  count: number
}

/** What the pods of api count of their requests; a pod that is new begins at nothing. */
export const requestCounters = () => {
  const pods = new Map<string, Map<string, Counts>>()
  return {
    count(pod: string, route: string, tookMs: number): void {
      const routes = pods.get(pod) ?? new Map<string, Counts>()
      const counts = routes.get(route) ?? { buckets: edges.map(() => 0), sum: 0, count: 0 }
      for (const [i, edge] of edges.entries()) if (tookMs / 1000 <= edge) counts.buckets[i] = (counts.buckets[i] ?? 0) + 1
      counts.sum += tookMs / 1000
      counts.count += 1
      pods.set(pod, routes.set(route, counts))
    },
    /** What a pod's /metrics has at this time. */
    page: (pod: string, labels: Labels, at: number): readonly Sample[] =>
      [...(pods.get(pod) ?? [])].flatMap(([route, { buckets, sum, count }]) => {
        const one = (suffix: string, value: number, more: Labels = {}): Sample => ({
          labels: { ...labels, ...more, route, __name__: `${histogram}_${suffix}` },
          value,
          at,
        })
        const cells = buckets.map((value, i) => one('bucket', value, { le: String(edges[i]) }))
        return [...cells, one('bucket', count, { le: '+Inf' }), one('sum', sum), one('count', count)]
      }),
    clear: () => pods.clear(),
  }
}

/** A trace of one request or job: its root, and its parts within it. */
export const traceOf = (
  service: string,
  wanted: {
    readonly name: string
    readonly startMs: number
    readonly took: number
    readonly parts?: readonly Part[]
    readonly tags?: Part['tags']
  },
): JaegerTrace => {
  const traceID = randomBytes(16).toString('hex')
  const root = randomBytes(8).toString('hex')
  const span = ({ name, from, took, tags = {} }: Part, spanID: string, parent?: string): JaegerSpan => ({
    traceID,
    spanID,
    operationName: name,
    references: parent === undefined ? [] : [{ refType: 'CHILD_OF', traceID, spanID: parent }],
    startTime: Math.round((wanted.startMs + from) * 1000),
    duration: Math.round(took * 1000),
    tags: Object.entries(tags).map(([key, value]) => ({ key, type: 'string', value })),
    processID: 'p1',
  })
  const { name, took, parts = [], tags } = wanted
  return {
    traceID,
    spans: [
      span({ name, from: 0, took, ...(tags && { tags }) }, root),
      ...parts.map((part) => span(part, randomBytes(8).toString('hex'), root)),
    ],
    processes: { p1: { serviceName: service, tags: [] } },
  }
}
