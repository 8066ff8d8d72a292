import { age } from '../../age.ts'
import { counted } from '../../counted.ts'
import { clipped } from '../../facts/cluster/clipped.ts'
import type { SlowTrace } from '../../facts/observability/slow-trace.ts'
import type { Table } from '../../plan/report.ts'

/** Columns of a bar, of 80. */
const width = 24
const mostRows = 20

/** From when to when a span ran, of the whole: at least one mark, and within the bar. */
export const barOf = (fromMs: number, tookMs: number, wholeMs: number): string => {
  const column = (at: number) => Math.round((Math.max(0, Math.min(at, wholeMs)) / Math.max(wholeMs, 1e-6)) * width)
  const from = Math.min(column(fromMs), width - 1)
  return `${'·'.repeat(from)}${'█'.repeat(Math.max(1, column(fromMs + tookMs) - from))}`.padEnd(width, '·')
}

const inMs = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`

/** Each span as a bar, with the same in numbers. */
export const traceTable = ({ name, at, tookMs, spans, isSlow }: SlowTrace, now: Date): Table => ({
  title: `${isSlow ? 'The newest slow request' : 'The slowest request, and none is slow'}: ${clipped(name, 24)}, ${age(Math.max(0, now.getTime() - at.getTime()) / 1000)} ago`,
  columns: ['span', 'when', 'took', 'of its own'],
  rows: [
    ...spans
      .slice(0, mostRows)
      .map(({ span, depth, ownMs }) => [
        `${'. '.repeat(Math.min(depth, 6))}${clipped(span.name, (span.failed ? 21 : 28) - 2 * Math.min(depth, 6))}${span.failed ? ' FAILED' : ''}`,
        barOf(span.startMs - at.getTime(), span.tookMs, tookMs),
        inMs(span.tookMs),
        inMs(ownMs),
      ]),
    ...(spans.length > mostRows ? [[`${spans.length - mostRows} more`, '', '', '']] : []),
  ],
})

/** How much of a request is the database's. */
export const databaseShare = ({ tookMs, spans }: SlowTrace): number =>
  spans.reduce((sum, { ofDatabase, ownMs }) => sum + (ofDatabase ? ownMs : 0), 0) / Math.max(tookMs, 1e-6)

/** The same in a sentence. */
export const whereItGoes = (trace: SlowTrace): string => {
  const { tookMs, spans } = trace
  const names = new Map<string, { ms: number; count: number }>()
  for (const { span, ownMs } of spans) {
    const one = names.get(span.name) ?? { ms: 0, count: 0 }
    names.set(span.name, { ms: one.ms + ownMs, count: one.count + 1 })
  }
  const most = [...names].sort(([, one], [, other]) => other.ms - one.ms).slice(0, 3)
  const share = (ms: number) => `${Math.round((ms / Math.max(tookMs, 1e-6)) * 100)} %`
  const parts = most.map(([name, { ms, count }]) => `${clipped(name, 40)}${count > 1 ? ` (${count} spans)` : ''} ${share(ms)}`)
  return `Of its ${inMs(tookMs)} in ${counted(spans.length, 'span')}: ${parts.join(', ')}. The database has ${share(databaseShare(trace) * tookMs)} of it`
}
