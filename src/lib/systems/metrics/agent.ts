import type { Duplex } from 'node:stream'
import { type AskerOptions, asker } from '../json-asker.ts'
import { countedIn } from './exposition.ts'
import type { Agent, ScrapeTarget } from './types.ts'

/** What vmagent says of itself, over one forwarded connection for each page. */
export const readAgent = (options: Omit<AskerOptions, 'code' | 'called'>, open: () => Promise<Duplex>) => {
  const { get, json } = asker({ ...options, code: 'vmagent', called: 'vmagent at' })
  return async (): Promise<Agent> => {
    const page = (path: string) => new URL(path, 'http://vmagent')
    const [targets, metrics] = await Promise.all([
      open().then((way) => json(page('/api/v1/targets'), undefined, way)),
      open().then((way) => get(page('/metrics'), undefined, way)),
    ])
    return { targets: targetsIn(targets), ...pushesIn(metrics.text) }
  }
}

interface RawTarget {
  readonly scrapeUrl?: unknown
  readonly health?: unknown
  readonly lastError?: unknown
  readonly lastScrape?: unknown
  readonly labels?: unknown
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** Of Prometheus' own form. `lastScrape` of a target that was never scraped is the year 1 or 1970. */
const targetsIn = (answer: unknown): readonly ScrapeTarget[] => {
  const { data } = answer as { readonly data?: { readonly activeTargets?: unknown } | null }
  const all: readonly unknown[] = Array.isArray(data?.activeTargets) ? data.activeTargets : []
  return all.map((one) => {
    const { scrapeUrl, health, lastError, lastScrape, labels } = (one ?? {}) as RawTarget
    const at = isText(lastScrape) ? Date.parse(lastScrape) : Number.NaN
    const held = Object.entries((labels ?? {}) as object).filter((entry): entry is [string, string] => isText(entry[1]))
    return {
      url: isText(scrapeUrl) ? scrapeUrl : '',
      up: health === 'up',
      error: isText(lastError) ? lastError : '',
      scrapedAt: at > 86_400_000 ? new Date(at) : undefined,
      labels: Object.fromEntries(held),
    }
  })
}

const prefix = 'vmagent_remotewrite_'

/** Everything of every URL that it pushes to, added up. */
const pushesIn = (page: string): Omit<Agent, 'targets'> => {
  const counted = countedIn(page)
  const sum = (name: string) => counted.filter((one) => one.name === `${prefix}${name}`).reduce((all, { value }) => all + value, 0)
  const answers: Record<string, number> = {}
  for (const { name, labels, value } of counted) {
    const status = labels['status_code']
    if (name === `${prefix}requests_total` && status !== undefined && value > 0) answers[status] = (answers[status] ?? 0) + value
  }
  return { answers, errors: sum('errors_total'), dropped: sum('packets_dropped_total'), pendingBytes: sum('pending_data_bytes') }
}
