import { type IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Duration, limited, seconds } from '../clock.ts'
import { Trouble, Unreachable } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { sh } from '../shell.ts'
import { bodyOf, parsed } from './answer-body.ts'
import { httpTrouble } from './http/trouble.ts'
import { httpsTo, type Trust } from './https.ts'

export interface AskerOptions extends Trust {
  /** The first word of the codes of its errors. */
  readonly code: string
  /** "The metrics store". */
  readonly called: string
  readonly signal?: AbortSignal | undefined
  /** Of one request, its body included. */
  readonly timeout?: Duration
}

export interface TextAnswer {
  readonly status: number
  readonly text: string
}

/** No answer that is asked for is longer. */
const mostBytes = 8 * 1024 * 1024

/** Plain HTTP leaves this machine nowhere: it is for what an operator forwards to a port of it, and for ways that are open already. */
const isHere = ({ hostname }: URL): boolean => hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '[::1]'

/** GETs over verified TLS, over plain HTTP on this machine alone, or over a way that is open already; whatever is answered in time. Throws Unreachable (`<code>-…`). */
export const asker = (options: AskerOptions) => {
  const { code, called, signal, timeout = seconds(5) } = options
  const send = httpsTo(options)
  const get = async (url: URL, token?: Secret, through?: Duplex): Promise<TextAnswer> => {
    signal?.throwIfAborted()
    const { signal: until, isOver } = limited(timeout, signal)
    const headers = { accept: '*/*', ...(token && { authorization: `Bearer ${token.reveal()}` }) }
    try {
      if (url.protocol === 'http:' && !through && !isHere(url)) throw notHere(code, url)
      const response = await (url.protocol === 'https:' ? send(url, { headers, signal: until }) : plain(url, headers, until, through))
      return { status: response.statusCode ?? 0, text: await bodyOf(response, mostBytes) }
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof Trouble) throw error
      const why = httpTrouble(isOver() ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : error, url, timeout)
      const own = ['http-tls', 'http-silent', 'http-too-long'].includes(why.code) ? why.code.replace('http', code) : `${code}-unreachable`
      const failed = `${called} ${url.host} does not answer`
      throw new Unreachable(
        { code: own, failed, ...(why.likely !== undefined && { cause: why.likely }), next: tryIt(url) },
        { cause: error },
      )
    } finally {
      through?.destroy()
    }
  }
  return {
    get,
    /** The JSON of a 200. Throws Unreachable: `<code>-refused` for 401 and 403, `<code>-server-error`, `<code>-other` for what is no such API. */
    json: async (url: URL, token?: Secret, through?: Duplex): Promise<unknown> => {
      const { status, text } = await get(url, token, through)
      const value = parsed(text)
      if (status === 200 && typeof value === 'object' && value !== null) return value
      throw notThat(code, called, url, status, token !== undefined)
    },
  }
}

const tryIt = (url: URL) => sh`curl -sv -o /dev/null --max-time 5 ${url.origin}/`

const plain = (
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  through: Duplex | undefined,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { hostname, port, pathname, search } = url
    const way = through
      ? { createConnection: () => through }
      : { hostname: hostname.replace(/^\[|\]$/g, ''), port: port || 80, agent: false }
    const asked = request({ ...way, path: pathname + search, headers: { host: url.host, 'user-agent': 'honeydue', ...headers }, signal })
    asked.once('response', resolve)
    asked.on('error', reject)
    asked.end()
  })

const notHere = (code: string, { origin }: URL): Unreachable =>
  new Unreachable({
    code: `${code}-plain`,
    failed: `${origin} is asked over TLS, or not at all`,
    cause: 'http:// is for ports of this machine alone',
    next: 'honeydue config:explain',
  })

const notThat = (code: string, called: string, url: URL, status: number, signed: boolean): Unreachable => {
  const refused = status === 401 || status === 403
  const [kind, cause, next] = refused
    ? ['refused', signed ? 'the token is not accepted' : 'it wants a token, and none is configured for it', 'honeydue config:explain']
    : status >= 500
      ? ['server-error', 'it has trouble of its own, or what stands before it does not reach it', tryIt(url)]
      : ['other', 'no such API is there: the configured address leads to something else', 'honeydue config:explain']
  return new Unreachable({ code: `${code}-${kind}`, failed: `${called} ${url.host} answered ${status} to ${url.pathname}`, cause, next })
}
