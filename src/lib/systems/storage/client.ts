import type { IncomingHttpHeaders } from 'node:http'
import { type Clock, type Duration, limited } from '../../clock.ts'
import { Trouble } from '../../errors.ts'
import type { Secret } from '../../secret.ts'
import { bodyOf } from '../answer-body.ts'
import { httpsTo, type Trust } from '../https.ts'
import { md5Of } from './rules.ts'
import { encoded, presigned, type Signer, signed } from './sign.ts'
import { noStorage, refused, unanswered } from './trouble.ts'
import { rootOf, textIn } from './xml.ts'

export interface StorageClientOptions extends Trust {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** `id:key`. */
  readonly key: () => Promise<Secret>
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  /** Of one request, its body included. */
  readonly timeout: Duration
}

export interface StorageRequest {
  /** In words. */
  readonly doing: string
  readonly method?: 'GET' | 'PUT' | 'DELETE'
  /** In the bucket; without one, the bucket itself. */
  readonly object?: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: string
  /** How the request says who asks; by default in its headers. */
  readonly by?: 'presigned URL' | 'nobody'
  /** The outermost element that an answer has; without one, whatever comes with a request's id. */
  readonly root?: string
  /** The code of a refusal that says no more than that there is none of it. */
  readonly none?: string
}

export interface StorageAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** No answer that is asked for is longer. */
const mostBytes = 8 * 1024 * 1024

/** Sends signed requests to a bucket, path-style: its name is not one that a host name may hold. */
export const storageClient = (options: StorageClientOptions) => {
  const { endpoint, region, bucket, clock, signal, timeout } = options
  const send = httpsTo(options)
  let signer: Promise<Signer> | undefined
  const signerOf = async (): Promise<Signer> => {
    const [, id = '', key = ''] = /^([^:]+):(.+)$/.exec((await options.key()).reveal()) ?? []
    return { id, key, region }
  }

  /** Whatever is answered; it says nothing of whether that is good. */
  const raw = async ({ method = 'GET', object, query = {}, body, by }: StorageRequest): Promise<StorageAnswer> => {
    const path = by === 'nobody' ? '/' : `/${[bucket, ...(object === undefined ? [] : object.split('/'))].map(encoded).join('/')}`
    const url = new URL(path, `https://${endpoint}`)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    if (by !== 'nobody') signer ??= signerOf()
    const who = await signer
    signal?.throwIfAborted()
    // Ctrl-C cuts a read off; what is written comes to its end, or nobody would know what stayed.
    const limit = limited(timeout, method === 'GET' ? signal : undefined)
    try {
      const at = clock.now()
      const to = who && by === 'presigned URL' ? presigned(who, at, { method, url }, 60) : url
      const headers =
        who && by === undefined
          ? signed(who, at, { method, url, ...(body !== undefined && { body, headers: { 'content-md5': md5Of(body) } }) })
          : {}
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const response = await send(to, {
        method,
        headers: { ...headers, ...length },
        ...(body !== undefined && { body }),
        signal: limit.signal,
      })
      return { status: response.statusCode ?? 0, headers: response.headers, text: await bodyOf(response, mostBytes) }
    } catch (error) {
      if (method === 'GET') signal?.throwIfAborted()
      if (error instanceof Trouble) throw error
      throw unanswered(limit.isOver() ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : error, url, timeout)
    }
  }

  return {
    raw,
    /** Resolves with what is a storage's own yes. Throws Unreachable (`storage-…`). */
    ask: async (request: StorageRequest): Promise<StorageAnswer> => {
      const answer = await raw(request)
      const { status, headers, text } = answer
      const own = request.root === undefined ? headers['x-amz-request-id'] !== undefined : rootOf(text) === request.root
      if (status >= 200 && status < 300) {
        if (own) return answer
        throw noStorage(endpoint, status)
      }
      if (request.none !== undefined && rootOf(text) === 'Error' && textIn(text, 'Code') === request.none) return { ...answer, text: '' }
      if (status < 500 && rootOf(text) !== 'Error') throw noStorage(endpoint, status)
      throw refused(status, text, endpoint, request.doing)
    },
  }
}
