import type { ClientHttp2Session } from 'node:http2'
import { connect as connectTls } from 'node:tls'
import { type Duration, limited, seconds } from '../../clock.ts'
import { Trouble } from '../../errors.ts'
import { type Trust, trusting } from '../https.ts'
import { placeOf } from '../place.ts'
import { unanswered } from './trouble.ts'

export interface ApnsClientOptions extends Trust {
  readonly host: string
  readonly signal?: AbortSignal | undefined
  /** Of one request, its connection included. */
  readonly timeout?: Duration
}

interface Push {
  readonly device: string
  readonly topic: string
  readonly token: string
}

/** A refusal is a line. */
const mostBytes = 64 * 1024

/** Sends one notification over a connection of its own: HTTP/2, which is all that APNs speaks, over verified TLS. */
export const apnsClient = (options: ApnsClientOptions) => {
  const { host, signal, timeout = seconds(6) } = options
  return async ({ device, topic, token }: Push): Promise<{ readonly status: number; readonly text: string }> => {
    signal?.throwIfAborted()
    const url = new URL(`https://${host}/3/device/${device}`)
    const [{ connect, constants }, secureContext] = await Promise.all([
      import('node:http2'),
      options.caFile === undefined ? undefined : trusting(options.caFile),
    ])
    const place = placeOf(host, 443, options.hostaddr)
    const { signal: ends } = limited(timeout, signal)
    let session: ClientHttp2Session | undefined
    try {
      return await new Promise((resolve, reject) => {
        const cut = (code: string) => reject(Object.assign(new Error('no answer'), { code }))
        ends.addEventListener('abort', () => cut('ETIMEDOUT'), { once: true })
        session = connect(url.origin, {
          createConnection: () =>
            connectTls({
              ...place,
              servername: host,
              ALPNProtocols: ['h2'],
              rejectUnauthorized: true,
              ...(secureContext !== undefined && { secureContext }),
            }),
        })
        session.once('error', reject)
        session.once('close', () => cut('ECONNRESET'))
        const stream = session.request({
          [constants.HTTP2_HEADER_METHOD]: 'POST',
          [constants.HTTP2_HEADER_PATH]: url.pathname,
          authorization: `bearer ${token}`,
          'apns-topic': topic,
          'apns-push-type': 'background',
          'apns-priority': '5',
        })
        let status = 0
        let text = ''
        stream.setEncoding('utf8')
        stream.once('response', (headers) => {
          status = Number(headers[constants.HTTP2_HEADER_STATUS] ?? 0)
        })
        stream.on('data', (chunk: string) => {
          text += chunk
          if (text.length > mostBytes) cut('EMSGSIZE')
        })
        stream.once('error', reject)
        stream.once('end', () => (status === 0 ? cut('ECONNRESET') : resolve({ status, text })))
        stream.end('{"aps":{"content-available":1}}')
      })
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof Trouble) throw error
      throw unanswered(error, url, timeout)
    } finally {
      session?.destroy()
    }
  }
}
