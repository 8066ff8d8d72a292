import { request } from 'node:https'
import { systemClock } from '../clock.ts'
import { apiHost, zoneName } from '../sandbox/deployment/facts.ts'

/** What became of the customers' requests. Times: milliseconds since 1970. */
export interface Traffic {
  readonly sent: number
  readonly lost: number
  readonly firstLost?: number | undefined
  readonly lastLost?: number | undefined
  /** Of the last twenty, how many were answered well. */
  readonly lately: number
}

/** Milliseconds between two requests, and for which one is waited. */
const pause = 150
const patience = 3_000

/** Sends requests through the edge as customers do, one name after another, until the signal. */
export const makeTraffic = (
  port: number,
  ca: string,
  signal: AbortSignal,
): { readonly counts: () => Traffic; readonly again: () => void } => {
  const asked = [
    { host: apiHost, path: '/api/health/' },
    { host: `app.${zoneName}`, path: '/' },
    { host: zoneName, path: '/' },
  ]
  let [sent, lost] = [0, 0]
  let firstLost: number | undefined
  let lastLost: number | undefined
  let last: boolean[] = []
  const one = async (at: number) => {
    const { host, path } = asked[at % asked.length] ?? { host: apiHost, path: '/' }
    const well = await isAnswered({ port, ca, host, path, signal })
    if (signal.aborted) return
    sent += 1
    last = [...last.slice(-19), well]
    if (well) return
    lost += 1
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
    counts: () => ({ sent, lost, firstLost, lastLost, lately: last.filter(Boolean).length }),
    again: () => {
      ;[sent, lost, firstLost, lastLost, last] = [0, 0, undefined, undefined, []]
    },
  }
}

const isAnswered = (asked: {
  readonly port: number
  readonly ca: string
  readonly host: string
  readonly path: string
  readonly signal: AbortSignal
}): Promise<boolean> =>
  new Promise((resolve) => {
    const { port, ca, host, path } = asked
    const signal = AbortSignal.any([asked.signal, AbortSignal.timeout(patience)])
    request({ host: '127.0.0.1', port, path, servername: host, headers: { host }, ca, agent: false, signal }, (response) => {
      response.on('error', () => resolve(false)).on('end', () => resolve(response.statusCode === 200))
      response.resume()
    })
      .on('error', () => resolve(false))
      .end()
  })
