import type { IncomingMessage } from 'node:http'
import { type Duration, seconds } from '../../clock.ts'
import { Trouble } from '../../errors.ts'
import type { Secret } from '../../secret.ts'
import { httpsTo, type Trust } from '../https.ts'
import { type Reference, referenceOf } from './reference.ts'
import { noRegistry, refused, unanswered } from './trouble.ts'
import type { RegistryImage, RegistryReader } from './types.ts'

export interface RegistryOptions extends Trust {
  /** `user:password` for a registry, where there is one. */
  readonly credentials: (host: string) => Promise<Secret | undefined>
  /** For the whole question, the token included. */
  readonly timeout?: Duration
  readonly signal?: AbortSignal
}

/** Every kind of manifest: a registry answers 404 for one that it has in another kind than is accepted. */
const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

/** The reading half: what a registry has of an image, asked as the OCI distribution API has it. */
export const readRegistry = (options: RegistryOptions): RegistryReader => {
  const { signal, timeout = seconds(5) } = options
  const send = httpsTo(options)

  /** `more`: what else is asked of an image that is there. */
  const ask = async <T>(
    { host, name, version }: Reference,
    until: AbortSignal,
    more: (digest: string, get: Get) => Promise<T>,
  ): Promise<T | undefined> => {
    const url = new URL(`https://${host}/v2/${name}/manifests/${version}`)
    const manifest = (method: 'HEAD' | 'GET', authorization?: string) =>
      send(url, { method, headers: { accept, ...(authorization !== undefined && { authorization }) }, signal: until })
    let authorization: string | undefined
    let response = ended(await manifest('HEAD'))
    let credentials: 'sent' | 'none' = 'none'
    if (response.statusCode === 401) {
      const secret = await options.credentials(host)
      if (secret !== undefined) credentials = 'sent'
      authorization = await authorized(response.headers['www-authenticate'] ?? '', name, secret, until)
      if (authorization !== undefined) response = ended(await manifest('HEAD', authorization))
    }
    if (response.statusCode === 200) {
      const headers = { accept, ...(authorization !== undefined && { authorization }) }
      const get: Get = async (what, by) => {
        const place = new URL(`https://${host}/v2/${name}/${what}/${by}`)
        const first = await send(place, { headers, signal: until })
        const leads = String(first.headers.location ?? '')
        // What a registry keeps elsewhere is asked for there, without its credentials.
        const answer =
          first.statusCode === 307 && /^https:/.test(leads) && URL.canParse(leads)
            ? (first.destroy(), await send(new URL(leads), { headers: {}, signal: until }))
            : first
        const body = parsed(await textOf(answer))
        if (answer.statusCode !== 200) throw refused(answer.statusCode ?? 0, place, credentials)
        return body
      }
      return more(digestOf(response, url, credentials), get)
    }
    // A HEAD has no body, and anything may answer 404: only the registry's own code says that there is no such image.
    if (response.statusCode === 404 && (await isUnknown(await manifest('GET', authorization)))) return undefined
    throw refused(response.statusCode ?? 0, url, credentials)
  }

  /** What a challenge asks for; undefined where we have nothing to send. */
  const authorized = async (challenge: string, name: string, secret: Secret | undefined, until: AbortSignal) => {
    const basic = secret && `Basic ${Buffer.from(secret.reveal()).toString('base64')}`
    const bearer = /\bBearer\s+((?:[\w-]+="[^"]*"[,\s]*)+)/i.exec(challenge)?.[1]
    if (bearer === undefined) return basic
    const {
      realm,
      service,
      scope = `repository:${name}:pull`,
    } = Object.fromEntries([...bearer.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key.toLowerCase(), value]))
    if (realm === undefined || !URL.canParse(realm)) return basic
    const url = new URL(realm)
    // Never a password over plain HTTP, whatever the registry says.
    if (url.protocol !== 'https:') return undefined
    if (service !== undefined) url.searchParams.set('service', service)
    url.searchParams.set('scope', scope)
    const response = await send(url, { headers: { ...(basic !== undefined && { authorization: basic }) }, signal: until })
    const text = await textOf(response)
    if (response.statusCode !== 200) throw refused(response.statusCode ?? 0, url, secret === undefined ? 'none' : 'sent')
    const { token, access_token } = (parsed(text) ?? {}) as { readonly token?: string; readonly access_token?: string }
    const granted = token ?? access_token
    return granted === undefined ? undefined : `Bearer ${granted}`
  }

  const asked = async <T>(image: string, more: (digest: string, get: Get) => Promise<T>): Promise<T | undefined> => {
    const reference = referenceOf(image)
    if (reference === undefined) throw noRegistry(image)
    signal?.throwIfAborted()
    const limit = AbortSignal.timeout(timeout)
    try {
      return await ask(reference, signal ? AbortSignal.any([signal, limit]) : limit, more)
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (error instanceof Trouble) throw error
      const silent = limit.aborted ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : error
      throw unanswered(silent, new URL(`https://${reference.host}/v2/`), timeout)
    }
  }
  return {
    digest: (image) => asked(image, async (digest) => digest),
    image: (image) => asked(image, async (digest, get): Promise<RegistryImage> => ({ digest, platforms: await platformsOf(digest, get) })),
  }
}

type Get = (what: 'manifests' | 'blobs', by: string) => Promise<unknown>

interface Platform {
  readonly os?: string
  readonly architecture?: string
}

/** An index names them; of a plain image the configuration does. */
const platformsOf = async (digest: string, get: Get): Promise<readonly string[] | undefined> => {
  const { manifests, config } = ((await get('manifests', digest)) ?? {}) as {
    readonly manifests?: readonly { readonly platform?: Platform }[]
    readonly config?: { readonly digest?: string }
  }
  const said = ({ os, architecture }: Platform = {}): readonly string[] =>
    !os || !architecture || os === 'unknown' ? [] : [`${os}/${architecture}`]
  if (Array.isArray(manifests)) return [...new Set(manifests.flatMap(({ platform }) => said(platform)))]
  const own = config?.digest === undefined ? [] : said(((await get('blobs', config.digest)) ?? {}) as Platform)
  return own.length > 0 ? own : undefined
}

const digestOf = ({ headers }: IncomingMessage, url: URL, credentials: 'sent' | 'none'): string => {
  const digest = headers['docker-content-digest']
  if (typeof digest === 'string') return digest
  throw refused(200, url, credentials)
}

const isUnknown = async (response: IncomingMessage): Promise<boolean> => {
  const { errors } = (parsed(await textOf(response)) ?? {}) as { readonly errors?: readonly { readonly code?: string }[] }
  return (
    response.statusCode === 404 &&
    Array.isArray(errors) &&
    errors.some(({ code }) => code === 'MANIFEST_UNKNOWN' || code === 'NAME_UNKNOWN')
  )
}

const ended = (response: IncomingMessage): IncomingMessage => response.on('error', () => {}).destroy()

const textOf = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
