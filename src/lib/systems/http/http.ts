import { type Duration, seconds } from '../../clock.ts'
import { Trouble, Usage } from '../../errors.ts'
import { httpsTo, type Trust } from '../https.ts'
import type { System } from '../systems.ts'
import { proveHttp } from './prove-http.ts'
import { httpTrouble } from './trouble.ts'
import type { Answer, HttpProver, HttpReader, HttpWriter } from './types.ts'

export interface HttpOptions extends Trust {
  /** From the first packet to the last header. */
  readonly timeout?: Duration
  readonly signal?: AbortSignal
}

const kept = ['server', 'cf-ray', 'cf-cache-status', 'age', 'location', 'retry-after', 'content-type'] as const

/** What customers see: the public names, asked from here over verified TLS. */
export const httpSystem = (options: HttpOptions): System<HttpReader, HttpWriter, HttpProver> => {
  const { signal, timeout = seconds(6) } = options
  const send = httpsTo(options)
  const get = async (text: string): Promise<Answer> => {
    const url = new URL(text)
    if (url.protocol !== 'https:')
      throw new Usage({ code: 'http-not-https', failed: `${text} is no https URL`, next: 'honeydue config:explain' })
    signal?.throwIfAborted()
    const limit = AbortSignal.timeout(timeout)
    const began = performance.now()
    try {
      // A connection of its own: a kept one would hide a name that has moved.
      const response = await send(url, { headers: { accept: '*/*' }, signal: signal ? AbortSignal.any([signal, limit]) : limit })
      const { statusCode = 0, headers } = response
      response.on('error', () => {}).destroy()
      return {
        status: statusCode,
        headers: Object.fromEntries(kept.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : []))),
        latencyMs: performance.now() - began,
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (error instanceof Trouble) throw error
      throw httpTrouble(limit.aborted ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : error, url, timeout)
    }
  }
  return { read: { get }, write: {}, say: {}, prove: proveHttp(options), close: async () => {} }
}
