import { request as plainly } from 'node:http'
import { type RequestOptions, request as securely } from 'node:https'
import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import { createGunzip } from 'node:zlib'
import { type Duration, limited } from '../../clock.ts'
import { placeOf } from '../place.ts'
import type { Connected } from './connected.ts'

export interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly contentType?: string
  /** The forms of an answer, the best first; JSON where nothing is said. */
  readonly accept?: string
}

export interface Answer {
  readonly status: number
  readonly text: string
  /** The JSON object that it is, if it is one. */
  readonly object: object | undefined
  readonly server: string
}

/** What a request to this server needs beside its method and path: where to connect, which name to verify, who we are. */
export const requestTo = async (
  server: string,
  { loaded, authenticate, hostaddr }: Connected,
  headers: Readonly<Record<string, string>>,
) => {
  const { hostname, port, pathname, protocol } = new URL(server)
  const wanted: RequestOptions = { headers }
  await authenticate(wanted)
  const host = hostname.replace(/^\[|\]$/g, '')
  const place = loaded.cluster['proxy-url']
    ? { host, port: Number(port || 443) }
    : placeOf(host, Number(port || (protocol === 'http:' ? 80 : 443)), hostaddr)
  // Where to connect and which name to verify are two things; an address is no server name in TLS.
  const verified = wanted.servername ?? host
  const identity: RequestOptions =
    protocol === 'http:'
      ? {}
      : {
          ...(isIP(verified) === 0 && { servername: verified }),
          checkServerIdentity: (_, certificate) => checkServerIdentity(verified, certificate),
        }
  return { options: { ...wanted, ...place, ...identity }, base: pathname.replace(/\/$/, ''), protocol }
}

/** One request and its whole answer within `within`, however the other side delays: its handshake, its first byte, or byte after byte. */
export const call = async (
  server: string,
  asked: Asked,
  connected: Connected,
  within: Duration,
  stop: readonly AbortSignal[],
): Promise<Answer> => {
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body)
  const { options, base, protocol } = await requestTo(server, connected, {
    accept: asked.accept ?? 'application/json, */*',
    // A list of all pods is about twenty times as long without: that is felt over a slow line.
    'accept-encoding': 'gzip',
    ...(body !== undefined && {
      'content-type': asked.contentType ?? 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    }),
  })
  const limit = limited(within, ...stop)
  let began = false
  return new Promise((resolve, reject) => {
    const failed = (error: Error) =>
      reject(
        limit.isOver()
          ? Object.assign(new Error(began ? 'its answer did not end' : 'no answer'), { code: began ? 'ESLOW' : 'ETIMEDOUT' })
          : error,
      )
    const send = protocol === 'http:' ? plainly : securely
    const request = send(
      { ...options, method: asked.method, path: base + asked.path, agent: connected.agent, signal: limit.signal },
      (response) => {
        began = true
        const chunks: Buffer[] = []
        response.on('error', failed)
        const body = response.headers['content-encoding'] === 'gzip' ? response.pipe(createGunzip().on('error', failed)) : response
        body.on('data', (chunk: Buffer) => chunks.push(chunk))
        body.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          resolve({ status: response.statusCode ?? 0, text, object: parse(text), server })
        })
      },
    )
    request.on('error', failed)
    request.end(body)
  })
}

const parse = (body: string): object | undefined => {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
