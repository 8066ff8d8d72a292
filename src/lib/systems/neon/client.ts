import { type Clock, type Duration, limited, seconds } from '../../clock.ts'
import { Trouble } from '../../errors.ts'
import type { Secret } from '../../secret.ts'
import { bodyOf, parsed } from '../answer-body.ts'
import { httpsTo, type Trust } from '../https.ts'
import { refused, unanswered } from './trouble.ts'

export interface NeonClientOptions extends Trust {
  /** Asked once, at the first request. */
  readonly key: () => Promise<Secret>
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  /** Of one request, its body included. */
  readonly timeout?: Duration
}

export interface NeonRequest {
  /** What it does, in words. */
  readonly doing: string
  readonly method?: 'GET' | 'POST' | 'DELETE'
  /** Below /api/v2. */
  readonly path: string
  readonly body?: object
}

export const base = 'https://console.neon.tech/api/v2'

/** No answer that is asked for is longer: a thousand branches have less. */
const mostBytes = 8 * 1024 * 1024

/** Milliseconds before a write is sent again that Neon refused because another operation runs: it has done nothing then. */
const pauses = [500, 1000, 2000, 4000]

/** Resolves with the answer's JSON. Throws Unreachable (`neon-…`). */
export type Send = (request: NeonRequest) => Promise<unknown>

/** Sends requests to Neon's API. */
export const neonClient = (options: NeonClientOptions): Send => {
  const { clock, signal, timeout = seconds(10) } = options
  const send = httpsTo(options)
  let key: Promise<Secret> | undefined

  const once = async ({ doing, method = 'GET', path, body }: NeonRequest): Promise<unknown> => {
    const url = new URL(`${base}${path}`)
    key ??= options.key()
    const secret = await key
    signal?.throwIfAborted()
    // Ctrl-C cuts a read off; a write comes to its end, or nobody would know what it did.
    const limit = limited(timeout, method === 'GET' ? signal : undefined)
    try {
      const response = await send(url, {
        method,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${secret.reveal()}`,
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: limit.signal,
      })
      const answer = parsed(await bodyOf(response, mostBytes))
      const status = response.statusCode ?? 0
      if (status < 200 || status > 299) throw refused(status, answer, doing)
      return answer
    } catch (error) {
      if (method === 'GET') signal?.throwIfAborted()
      if (error instanceof Trouble) throw error
      throw unanswered(limit.isOver() ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : error, url, timeout, doing)
    }
  }

  return async (request) => {
    for (const pause of pauses) {
      try {
        return await once(request)
      } catch (error) {
        if (!(error instanceof Trouble) || error.code !== 'neon-busy') throw error
        await clock.sleep(pause, signal)
      }
    }
    return once(request)
  }
}
