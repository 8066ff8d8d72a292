import type { Span, Trace, TracesReader } from '../../systems/traces/types.ts'

/** A span with what of its time is in none of the spans below it. */
export interface Timed {
  readonly span: Span
  /** Below how many others it is. */
  readonly depth: number
  readonly ownMs: number
  readonly ofDatabase: boolean
}

export interface SlowTrace {
  readonly id: string
  readonly at: Date
  readonly name: string
  readonly tookMs: number
  /** In the order in which they are to be read: each before what is within it. */
  readonly spans: readonly Timed[]
  /** Whether it is slower than what was asked for: otherwise it is the slowest of what there is. */
  readonly isSlow: boolean
}

const most = 200

/** The newest trace that took as long; where there is none, the slowest. Undefined where there is no trace at all. Throws Unreachable (`traces-…`). */
export const newestSlow = async (
  traces: TracesReader,
  wanted: { readonly service: string; readonly route: string | undefined; readonly from: Date; readonly to: Date; readonly slowMs: number },
): Promise<SlowTrace | undefined> => {
  const { service, route, from, to, slowMs } = wanted
  const of = (all: readonly Trace[]) =>
    all.flatMap((trace) => told(trace, slowMs) ?? []).filter(({ spans }) => route === undefined || isOf(spans, route))
  const slow = of(await traces.find({ service, from, to, limit: most, minMs: slowMs })).filter(({ isSlow }) => isSlow)
  if (slow.length > 0) return slow.reduce((newest, one) => (one.at > newest.at ? one : newest))
  const all = of(await traces.find({ service, from, to, limit: most }))
  return all.length === 0 ? undefined : all.reduce((slowest, one) => (one.tookMs > slowest.tookMs ? one : slowest))
}

const paths = ['http.route', 'http.target', 'url.path', 'http.path']

/** By what its first span says of its path, or by its name. */
const isOf = (spans: readonly Timed[], route: string): boolean => {
  const root = spans[0]?.span
  return root !== undefined && (paths.some((name) => root.tags[name] === route) || root.name.split(' ').includes(route))
}

const told = ({ id, spans }: Trace, slowMs: number): SlowTrace | undefined => {
  const known = new Set(spans.map((span) => span.id))
  const root = spans.find(({ parent }) => parent === undefined || !known.has(parent))
  if (root === undefined) return undefined
  const seen = new Set<string>()
  const below = (span: Span, depth: number): readonly Timed[] => {
    // What a broken exporter makes a circle of is shown once.
    if (seen.has(span.id)) return []
    seen.add(span.id)
    const within = spans.filter(({ parent }) => parent === span.id)
    const own = { span, depth, ownMs: span.tookMs - covered(span, within), ofDatabase: isOfDatabase(span) }
    return [own, ...within.flatMap((one) => below(one, depth + 1))]
  }
  return { id, at: new Date(root.startMs), name: root.name, tookMs: root.tookMs, spans: below(root, 0), isSlow: root.tookMs >= slowMs }
}

/** How much of a span the others cover: what runs at the same time counts once. */
const covered = ({ startMs, tookMs }: Span, others: readonly Span[]): number => {
  let [sum, until] = [0, startMs]
  for (const one of others) {
    const end = Math.min(one.startMs + one.tookMs, startMs + tookMs)
    const from = Math.max(one.startMs, until)
    if (end > from) sum += end - from
    until = Math.max(until, end)
  }
  return sum
}

const isOfDatabase = ({ name, tags }: Span): boolean =>
  tags['db.system'] !== undefined ||
  tags['db.statement'] !== undefined ||
  /^(?:gorm|sql|pg)\b|^(?:SELECT|INSERT|UPDATE|DELETE)\b/i.test(name)
