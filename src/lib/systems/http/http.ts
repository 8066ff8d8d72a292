import type { IncomingMessage } from 'node:http'
import { type Duration, limited, seconds } from '../../clock.ts'
import { Trouble, Usage } from '../../errors.ts'
import { httpsTo, type Trust } from '../https.ts'
import type { System } from '../systems.ts'
import { proveHttp } from './prove-http.ts'
import { httpTrouble } from './trouble.ts'
import type { Answer, HttpProver, HttpReader, HttpWriter, Login } from './types.ts'

export interface HttpOptions extends Trust {
  /** From the first packet to the last header. */
  readonly timeout?: Duration
  readonly signal?: AbortSignal
}

/** A status page says little. */
const mostOfJson = 64 * 1024

const kept = ['server', 'cf-ray', 'cf-cache-status', 'age', 'location', 'retry-after', 'content-type'] as const

const basic = ({ user, password }: Login): string => `Basic ${Buffer.from(`${user}:${password.reveal()}`).toString('base64')}`

/** What customers see: the public names, asked from here over verified TLS. */
export const httpSystem = (options: HttpOptions): System<HttpReader, HttpWriter, HttpProver> => {
  const { signal, timeout = seconds(6) } = options
  const send = httpsTo(options)
  const open = async <T>(text: string, read: (response: IncomingMessage, began: number) => T | Promise<T>, login?: Login): Promise<T> => {
    const url = new URL(text)
    if (url.protocol !== 'https:')
      throw new Usage({ code: 'http-not-https', failed: `${text} is no https URL`, next: 'honeydue config:explain' })
    signal?.throwIfAborted()
    const limit = limited(timeout, signal)
    const began = performance.now()
    try {
      // A connection of its own: a kept one would hide a name that has moved.
      const response = await send(url, { headers: { accept: '*/*', ...(login && { authorization: basic(login) }) }, signal: limit.signal })
      return await read(response, began)
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (error instanceof Trouble) throw error
      throw httpTrouble(limit.isOver() ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : error, url, timeout)
    }
  }
  const get = (url: string, login?: Login) =>
    open(
      url,
      (response, began): Answer => {
        const { statusCode = 0, headers } = response
        response.on('error', () => {}).destroy()
        return {
          status: statusCode,
          headers: Object.fromEntries(kept.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : []))),
          latencyMs: performance.now() - began,
        }
      },
      login,
    )
  const json = (url: string) =>
    open(url, async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) {
        text += chunk
        if (text.length > mostOfJson || response.statusCode !== 200) break
      }
      response.on('error', () => {}).destroy()
      if (response.statusCode !== 200) throw Object.assign(new Error(`it answers ${response.statusCode}`), { code: 'EPROTO' })
      return JSON.parse(text) as unknown
    })
  return { read: { get, json }, write: {}, say: {}, prove: proveHttp(options), close: async () => {} }
}
