import { readFile } from 'node:fs/promises'
import { request as send } from 'node:https'
import { rootCertificates } from 'node:tls'
import { type Duration, seconds } from '../../clock.ts'
import { Usage } from '../../plan/errors.ts'
import { placeOf } from '../place.ts'
import type { System } from '../systems.ts'
import { httpTrouble } from './trouble.ts'
import type { Answer, HttpReader, HttpWriter } from './types.ts'

export interface HttpOptions {
  /** Where names live: TLS verifies the name, the connection goes to the address. */
  readonly hostaddr?: Readonly<Record<string, string>>
  /** A PEM file to trust beside the public authorities. */
  readonly caFile?: string
  /** From the first packet to the last header. */
  readonly timeout?: Duration
  readonly signal?: AbortSignal
}

const kept = ['server', 'cf-ray', 'location', 'retry-after', 'content-type'] as const

/** What customers see: the public names, asked from here over verified TLS. */
export const httpSystem = (options: HttpOptions): System<HttpReader, HttpWriter> => {
  let authorities: Promise<string[] | undefined> | undefined
  const trusted = () => {
    authorities ??= options.caFile === undefined ? Promise.resolve(undefined) : trustedWith(options.caFile)
    return authorities
  }
  return {
    read: {
      get: async (text) => {
        const url = new URL(text)
        if (url.protocol !== 'https:')
          throw new Usage({ code: 'http-not-https', failed: `${text} is no https URL`, next: 'honeydue config:explain' })
        return ask(url, options, await trusted())
      },
    },
    write: {},
    say: {},
    close: async () => {},
  }
}

const trustedWith = async (file: string): Promise<string[]> => {
  const own = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Usage(
      { code: 'http-ca', failed: `${file}, which the environment names as ca, cannot be read`, next: 'honeydue config:explain' },
      { cause: error },
    )
  })
  return [...rootCertificates, own]
}

/** One GET on a connection of its own: a kept one would hide a name that has moved. */
const ask = async (url: URL, options: HttpOptions, ca: string[] | undefined): Promise<Answer> => {
  const { hostaddr, signal, timeout = seconds(10) } = options
  signal?.throwIfAborted()
  const place = placeOf(url.hostname, Number(url.port || 443), hostaddr)
  const limit = AbortSignal.timeout(timeout)
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const request = send({
      host: place.host,
      port: place.port,
      path: url.pathname + url.search,
      servername: url.hostname,
      headers: { host: url.host, 'user-agent': 'honeydue', accept: '*/*' },
      agent: false,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      ...(ca !== undefined && { ca }),
    })
    request.once('response', ({ statusCode = 0, headers }) => {
      resolve({
        status: statusCode,
        headers: Object.fromEntries(kept.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : []))),
        latencyMs: performance.now() - began,
      })
      request.destroy()
    })
    request.on('error', (error) => {
      if (signal?.aborted) return reject(signal.reason)
      reject(httpTrouble(limit.aborted ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : error, url, timeout))
    })
    request.end()
  })
}
