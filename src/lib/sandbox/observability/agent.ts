import { createServer } from 'node:http'
import { endServer, listenOnLoopback } from '../loopback.ts'
import type { Labels, Sample } from './store.ts'

/** A pod as the agent scrapes it: what it says, or why it says nothing. */
export interface Scraped {
  readonly url: string
  readonly labels: Labels
  readonly at: number
  readonly said: readonly Sample[] | { readonly error: string }
}

/** What becomes of a push: the status of the answer, or none. */
export type Push = (samples: readonly Sample[]) => number | 'no answer'

/** vmagent: what it scrapes it pushes, and what is not taken waits; 400 is the one answer at which it throws away (measured, 1.151). */
export const startAgent = async () => {
  let waiting: (readonly Sample[])[] = []
  let targets: readonly Scraped[] = []
  const answers = new Map<string, number>()
  const counts = { errors: 0, retries: 0, dropped: 0 }
  const begin = () => {
    waiting = []
    targets = []
    answers.clear()
    Object.assign(counts, { errors: 0, retries: 0, dropped: 0 })
  }

  const pages: Readonly<Record<string, () => readonly [string, string]>> = {
    '/metrics': () => {
      const url = 'url="1:secret-url"'
      const lines = [
        ...[...answers].map(([status, count]) => `vmagent_remotewrite_requests_total{${url}, status_code="${status}"} ${count}`),
        `vmagent_remotewrite_errors_total{${url}} ${counts.errors}`,
        `vmagent_remotewrite_retries_count_total{${url}} ${counts.retries}`,
        `vmagent_remotewrite_packets_dropped_total{${url}} ${counts.dropped}`,
        `vmagent_remotewrite_pending_data_bytes{path="/tmp/vmagent-remotewrite-data", ${url}} ${JSON.stringify(waiting.flat()).length - 2}`,
      ]
      return ['text/plain', `${lines.join('\n')}\n`]
    },
    '/api/v1/targets': () => {
      const activeTargets = targets.map(({ url, labels, at, said }) => ({
        discoveredLabels: {},
        labels,
        scrapePool: 'api',
        scrapeUrl: url,
        lastError: 'error' in said ? said.error : '',
        lastScrape: new Date(at).toISOString(),
        lastScrapeDuration: 0.002,
        health: 'error' in said ? 'down' : 'up',
      }))
      return ['application/json', JSON.stringify({ status: 'success', data: { activeTargets, droppedTargets: [] } })]
    },
  }
  const server = createServer((request, response) => {
    const [type, body] = pages[request.url ?? '']?.() ?? []
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type ?? 'text/plain' }).end(body)
  })
  const port = await listenOnLoopback(server)
  return {
    port,
    /** Its process starts anew: it counts from nothing. */
    begin,
    /** One round: scrapes, and pushes what waits and what is new. */
    round(scraped: readonly Scraped[], push: Push): number | 'no answer' {
      targets = scraped
      const samples = scraped.flatMap(({ labels, at, said }) => [
        { labels: { ...labels, __name__: 'up' }, value: 'error' in said ? 0 : 1, at },
        ...('error' in said ? [] : said),
      ])
      if (samples.length > 0) waiting.push(samples)
      let last: number | 'no answer' = 204
      while (waiting[0]) {
        last = push(waiting[0])
        if (last === 'no answer') counts.errors += 1
        else {
          const status = last < 300 ? '2XX' : String(last)
          answers.set(status, (answers.get(status) ?? 0) + 1)
        }
        if (last === 400) counts.dropped += 1
        else if (last === 'no answer' || last >= 300) {
          counts.retries += 1
          break
        }
        waiting.shift()
      }
      return last
    },
    stop: () => endServer(server),
  }
}
