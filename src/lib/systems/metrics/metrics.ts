import type { Duplex } from 'node:stream'
import { Unreachable } from '../../errors.ts'
import type { Secret } from '../../secret.ts'
import { type AskerOptions, asker } from '../json-asker.ts'
import type { System } from '../systems.ts'
import { readAgent } from './agent.ts'
import { readGrafana } from './grafana.ts'
import { proveMetrics } from './prove-metrics.ts'
import type { MetricsProver, MetricsReader, MetricsWriter, Series, WriteAnswer } from './types.ts'

export interface MetricsOptions extends Omit<AskerOptions, 'code' | 'called'> {
  /** Where the agent pushes to. */
  readonly write: string
  /** Below which the store answers `/api/v1/query`. */
  readonly metrics?: string | undefined
  readonly grafana: string
  /** The live token that the application and the agent push with. */
  readonly ingestToken: () => Promise<Secret | undefined>
  /** What lets read, for this address; undefined where nothing is wanted. */
  readonly readToken: (url: URL) => Promise<Secret | undefined>
  readonly grafanaToken: (() => Promise<Secret>) | undefined
  /** A connection to the agent's own port. */
  readonly openAgent: () => Promise<Duplex>
}

/** What the application counts: the store that keeps it, the agent that pushes it, and Grafana, which shows it. */
export const metricsSystem = (options: MetricsOptions): System<MetricsReader, MetricsWriter, MetricsProver> => {
  const store = asker({ ...options, code: 'metrics', called: 'The metrics store at' })
  const gate = asker({ ...options, code: 'ingest', called: 'What metrics are pushed to,' })
  const base = options.metrics?.replace(/\/+$/, '')
  return {
    read: {
      lacking: () => (base === undefined ? 'observability.metrics is not in the configuration' : undefined),
      query: async (expression) => {
        const url = new URL(`${base}/api/v1/query`)
        url.searchParams.set('query', expression)
        return seriesIn(await store.json(url, await options.readToken(url)))
      },
      agent: readAgent(options, options.openAgent),
      mayWrite: async (given) => {
        const token = given ?? (await options.ingestToken())
        if (token === undefined || token.reveal() === '') throw noToken()
        // The store takes no GET there: with the right token it is what says so, and nothing is written.
        return writeAnswer((await gate.get(new URL(options.write), token)).status, new URL(options.write))
      },
      grafana: readGrafana({ ...options, url: options.grafana, token: options.grafanaToken }),
    },
    write: {},
    say: {},
    prove: proveMetrics(options),
    close: async () => {},
  }
}

const noToken = (): Unreachable =>
  new Unreachable({
    code: 'ingest-no-token',
    failed: 'The application’s Secret has no token for metrics and traces',
    cause: 'scripts that ran without it in deploy/prod.env blew it away',
    next: 'honeydue secrets:status',
  })

const writeAnswer = (status: number, { host }: URL): WriteAnswer => {
  if (status === 401 || status === 403) return { takes: false, status }
  if (status < 500 && status !== 404) return { takes: true }
  throw new Unreachable({
    code: status === 404 ? 'ingest-other' : 'ingest-server-error',
    failed: `What metrics are pushed to, ${host}, answered ${status}`,
    cause: status === 404 ? 'nothing takes metrics at that path' : 'the store behind it does not answer',
    next: 'honeydue config:explain',
  })
}

const seriesIn = (answer: unknown): readonly Series[] => {
  const { data } = answer as { readonly data?: { readonly result?: unknown } | null }
  const all: readonly unknown[] = Array.isArray(data?.result) ? data.result : []
  return all.flatMap((one) => {
    const { metric, value } = (one ?? {}) as { readonly metric?: object; readonly value?: readonly unknown[] }
    const number = Number(value?.[1])
    if (Number.isNaN(number)) return []
    const labels = Object.entries(metric ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    return [{ labels: Object.fromEntries(labels), value: number }]
  })
}
