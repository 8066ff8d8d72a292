import type { Secret } from '../../secret.ts'
import { type AskerOptions, asker } from '../json-asker.ts'
import type { System } from '../systems.ts'
import type { Span, Trace, TracesReader, TracesWriter } from './types.ts'

export interface TracesOptions extends Omit<AskerOptions, 'code' | 'called'> {
  /** Below which Jaeger answers `/api/traces`. */
  readonly traces?: string | undefined
  /** What lets read, for this address; undefined where nothing is wanted. */
  readonly readToken: (url: URL) => Promise<Secret | undefined>
}

/** Jaeger's query API. */
export const tracesSystem = (options: TracesOptions): System<TracesReader, TracesWriter> => {
  const { json } = asker({ ...options, code: 'traces', called: 'Jaeger at' })
  const base = options.traces?.replace(/\/+$/, '')
  return {
    read: {
      lacking: () => (base === undefined ? 'observability.traces is not in the configuration' : undefined),
      find: async ({ service, from, to, limit, minMs }) => {
        const url = new URL(`${base}/api/traces`)
        const asked = {
          service,
          limit: String(limit),
          // Microseconds.
          start: `${from.getTime()}000`,
          end: `${to.getTime()}000`,
          ...(minMs !== undefined && { minDuration: `${Math.max(1, Math.round(minMs))}ms` }),
        }
        for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value)
        return tracesIn(await json(url, await options.readToken(url)))
      },
    },
    write: {},
    say: {},
    close: async () => {},
  }
}

interface RawSpan {
  readonly spanID?: unknown
  readonly operationName?: unknown
  readonly startTime?: unknown
  readonly duration?: unknown
  readonly processID?: unknown
  readonly references?: unknown
  readonly tags?: unknown
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const tracesIn = (answer: unknown): readonly Trace[] =>
  listOf((answer as { readonly data?: unknown }).data).map((one) => {
    const { traceID, spans, processes } = (one ?? {}) as { traceID?: unknown; spans?: unknown; processes?: Record<string, unknown> }
    const read = listOf(spans).map((span) => spanOf((span ?? {}) as RawSpan, processes ?? {}))
    return { id: String(traceID), spans: read.filter(({ startMs }) => !Number.isNaN(startMs)).sort((a, b) => a.startMs - b.startMs) }
  })

const spanOf = (raw: RawSpan, processes: Readonly<Record<string, unknown>>): Span => {
  const { serviceName } = (processes[String(raw.processID)] ?? {}) as { readonly serviceName?: unknown }
  const parent = listOf(raw.references)
    .map((one) => (one ?? {}) as { readonly refType?: unknown; readonly spanID?: unknown })
    .find(({ refType }) => refType === 'CHILD_OF')
  const tags = Object.fromEntries(
    listOf(raw.tags).map((one) => {
      const { key, value } = (one ?? {}) as { readonly key?: unknown; readonly value?: unknown }
      return [String(key), String(value)]
    }),
  )
  return {
    id: String(raw.spanID),
    parent: parent === undefined ? undefined : String(parent.spanID),
    service: typeof serviceName === 'string' ? serviceName : '',
    name: typeof raw.operationName === 'string' ? raw.operationName : '',
    startMs: typeof raw.startTime === 'number' ? raw.startTime / 1000 : Number.NaN,
    tookMs: typeof raw.duration === 'number' ? raw.duration / 1000 : 0,
    failed: tags['error'] === 'true' || tags['otel.status_code'] === 'ERROR',
    tags,
  }
}
