import { Agent, request } from 'node:https'
import { endAfter, systemClock } from '../clock.ts'
import { apiHost, zoneName } from '../sandbox/deployment/facts.ts'

/** What became of the customers' requests. Times: milliseconds since 1970. */
export interface Traffic {
  readonly sent: number
  readonly lost: number
  readonly firstLost?: number | undefined
  readonly lastLost?: number | undefined
  /** Of the last twenty, how many were answered well. */
  readonly lately: number
  /** Those that were lost, by the status that they were answered with; 0: nothing came. */
  readonly answers: Readonly<Record<string, number>>
}

/** Milliseconds between two requests as customers send them, and for which one is waited. */
export const usualPause = 150
const patience = 3_000

/** Sends requests through the edge as customers do, one name after another, until the signal. */
export const makeTraffic = (
  port: number,
  ca: string,
  signal: AbortSignal,
  pause: number,
): { readonly counts: () => Traffic; readonly again: () => void } => {
  const asked = [
    { host: apiHost, path: '/api/health/' },
    { host: `app.${zoneName}`, path: '/' },
    { host: zoneName, path: '/' },
  ]
  // As browsers do: a connection serves more than one request.
  const agent = new Agent({ keepAlive: true, ca })
  signal.addEventListener('abort', () => agent.destroy(), { once: true })
  let [sent, lost] = [0, 0]
  let firstLost: number | undefined
  let lastLost: number | undefined
  let last: boolean[] = []
  let answers: Record<string, number> = {}
  const one = async (at: number) => {
    const { host, path } = asked[at % asked.length] ?? { host: apiHost, path: '/' }
    const status = await statusOf({ port, agent, host, path, signal })
    if (signal.aborted) return
    sent += 1
    last = [...last.slice(-19), status === 200]
    if (status === 200) return
    lost += 1
    answers[status] = (answers[status] ?? 0) + 1
    lastLost = Date.now()
    firstLost ??= lastLost
  }
  const go = async () => {
    for (let at = 0; !signal.aborted; at++) {
      void one(at)
      await systemClock.sleep(pause, signal).catch(() => {})
    }
  }
  void go()
  return {
    counts: () => ({ sent, lost, firstLost, lastLost, answers, lately: last.filter(Boolean).length }),
    again: () => {
      ;[sent, lost, firstLost, lastLost, last] = [0, 0, undefined, undefined, []]
      answers = {}
    },
  }
}

const statusOf = (asked: {
  readonly port: number
  readonly agent: Agent
  readonly host: string
  readonly path: string
  readonly signal: AbortSignal
}): Promise<number> =>
  new Promise((resolve) => {
    const { port, agent, host, path } = asked
    const signal = AbortSignal.any([asked.signal, endAfter(patience)])
    request({ host: '127.0.0.1', port, path, servername: host, headers: { host }, agent, signal }, (response) => {
      response.on('error', () => resolve(0)).on('end', () => resolve(response.statusCode ?? 0))
      response.resume()
    })
      .on('error', () => resolve(0))
      .end()
  })
