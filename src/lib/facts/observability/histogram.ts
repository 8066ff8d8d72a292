import type { MetricsReader, Series } from '../../systems/metrics/types.ts'

/** How long requests of one route took, in milliseconds. */
export interface RouteLatency {
  readonly route: string
  readonly requests: number
  /** By quantile: 0.5, 0.95, 0.99. `beyond`: it lies above the last edge, which is given. */
  readonly quantiles: Readonly<Record<'p50' | 'p95' | 'p99', { readonly ms: number; readonly beyond: boolean }>>
}

/** The histogram that was found, or what was found instead. */
export interface Histogram {
  /** Without `_bucket`; undefined where none, or no one of several, is it. */
  readonly name: string | undefined
  /** Those that it could be. */
  readonly candidates: readonly string[]
  /** The label of the route; undefined where there is none. */
  readonly label: string | undefined
}

type Edges = readonly (readonly [edge: number, count: number])[]

/** Linear within a bucket, as Prometheus has it. `edges`: cumulative counts by upper edge, +Inf among them. */
export const quantileOf = (edges: Edges, q: number): { readonly value: number; readonly beyond: boolean } | undefined => {
  const sorted = [...edges].sort(([one], [other]) => one - other)
  const total = sorted.at(-1)?.[1] ?? 0
  if (total <= 0 || sorted.at(-1)?.[0] !== Number.POSITIVE_INFINITY) return undefined
  const rank = q * total
  const at = sorted.findIndex(([, count]) => count >= rank)
  const [upper = 0, count = 0] = sorted[at] ?? []
  const [lower = 0, before = 0] = sorted[at - 1] ?? []
  if (upper === Number.POSITIVE_INFINITY) return { value: lower, beyond: true }
  return { value: lower + (upper - lower) * ((rank - before) / Math.max(count - before, 1e-9)), beyond: false }
}

/** The API's histogram of its requests: the one that the configuration names, or the only one that is about requests. Throws Unreachable (`metrics-…`). */
export const findHistogram = async (
  metrics: MetricsReader,
  { service, histogram, route }: { readonly service: string; readonly histogram?: string | undefined; readonly route?: string | undefined },
): Promise<Histogram> => {
  const of = `service=${JSON.stringify(service)}`
  const named =
    histogram === undefined
      ? (await metrics.query(`count by (__name__) ({${of},__name__=~".+_bucket"})`)).map(({ labels }) =>
          (labels['__name__'] ?? '').replace(/_bucket$/, ''),
        )
      : [histogram]
  const about = histogram === undefined ? named.filter((name) => /http|request/i.test(name)) : named
  const name = about.length === 1 ? about[0] : undefined
  if (name === undefined) return { name, candidates: (about.length > 0 ? about : named).toSorted(), label: undefined }
  const label = route ?? routeLabel(await metrics.query(`${name}_count{${of}}`))
  return { name, candidates: [name], label }
}

/** The label whose values are paths, whatever it is called. */
const routeLabel = (series: readonly Series[]): string | undefined => {
  const names = new Set(series.flatMap(({ labels }) => Object.keys(labels)))
  return [...names].sort().find((name) => {
    const values = series.flatMap(({ labels }) => labels[name] ?? [])
    return values.length > 0 && values.every((value) => /^(?:[A-Z]+ )?\//.test(value))
  })
}

/** Of each route, the most asked first. Throws Unreachable (`metrics-…`). */
export const routeLatencies = async (
  metrics: MetricsReader,
  { name, label }: { readonly name: string; readonly label: string | undefined },
  service: string,
  sinceMs: number,
): Promise<readonly RouteLatency[]> => {
  const by = label === undefined ? 'le' : `le,${label}`
  const found = await metrics.query(
    `sum by (${by}) (increase(${name}_bucket{service=${JSON.stringify(service)}}[${Math.max(1, Math.round(sinceMs / 1000))}s]))`,
  )
  const routes = new Map<string, [number, number][]>()
  for (const { labels, value } of found) {
    const edge = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le'])
    const route = label === undefined ? 'all routes' : (labels[label] ?? '')
    if (!Number.isNaN(edge)) routes.set(route, [...(routes.get(route) ?? []), [edge, value]])
  }
  const inMs = /millisecond|_ms$/.test(name) ? 1 : 1000
  return [...routes].flatMap(([route, edges]) => latencyOf(route, edges, inMs) ?? []).sort((one, other) => other.requests - one.requests)
}

const latencyOf = (route: string, edges: Edges, inMs: number): RouteLatency | undefined => {
  const at = (q: number) => {
    const found = quantileOf(edges, q)
    return found && { ms: found.value * inMs, beyond: found.beyond }
  }
  const [p50, p95, p99] = [at(0.5), at(0.95), at(0.99)]
  const requests = Math.max(...edges.map(([, count]) => count))
  return p50 && p95 && p99 ? { route, requests: Math.round(requests), quantiles: { p50, p95, p99 } } : undefined
}
