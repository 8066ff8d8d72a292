import type { IncomingMessage } from 'node:http'
import type { Secret } from '../../secret.ts'
import { parsed } from '../answer-body.ts'
import type { Asked } from '../https.ts'
import { ended, textOf } from './body.ts'
import { type Credentials, refused } from './trouble.ts'

type Method = 'HEAD' | 'GET' | 'DELETE'

export interface Conversation {
  /** Sends a request, and once more with what the registry asks for where it refuses the first. */
  ask(method: Method, path: string): Promise<IncomingMessage>
  /** The error of an answer that says neither yes nor no. */
  refused(status: number, url: URL): Error
}

/** What a registry's token service answered. */
export type Grant = (url: string, authorization?: string) => Promise<{ readonly status: number; readonly token?: string }>

/** Asks a token service. */
export const grantBy =
  (send: (url: URL, asked: Asked) => Promise<IncomingMessage>, signal: AbortSignal): Grant =>
  async (url, authorization) => {
    const response = await send(new URL(url), { headers: { ...(authorization !== undefined && { authorization }) }, signal })
    const { token, access_token } = (parsed(await textOf(response)) ?? {}) as { readonly token?: string; readonly access_token?: string }
    const granted = token ?? access_token
    return { status: response.statusCode ?? 0, ...(granted !== undefined && { token: granted }) }
  }

/** Every kind of manifest: a registry answers 404 for one that it has in another kind than is accepted. */
const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

/** One talk with one registry about one repository; it knows afterwards what the registry wants of whoever asks. */
export const conversation = ({
  host,
  name,
  send,
  credentials,
  grant,
  until,
  without,
}: {
  readonly host: string
  readonly name: string
  readonly send: (url: URL, asked: Asked) => Promise<IncomingMessage>
  readonly credentials: () => Promise<Secret | undefined>
  /** Asks for a token at this address, with this authorization where there is one. */
  readonly grant: Grant
  readonly until: AbortSignal
  /** What is said where it wants credentials and there are none. */
  readonly without: Exclude<Credentials, 'sent'>
}): Conversation => {
  let authorization: string | undefined
  let had: Credentials = without
  const once = (method: Method, url: URL) =>
    send(url, { method, headers: { accept, ...(authorization !== undefined && { authorization }) }, signal: until })

  /** What a challenge asks for; undefined where we have nothing to send. */
  const authorized = async (challenge: string, secret: Secret | undefined): Promise<string | undefined> => {
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
    const { status, token: granted } = await grant(url.href, basic)
    if (status !== 200) throw refused(status, url, had)
    return granted === undefined ? undefined : `Bearer ${granted}`
  }

  return {
    ask: async (method, path) => {
      const url = new URL(path, `https://${host}`)
      const first = await once(method, url)
      if (first.statusCode !== 401 || authorization !== undefined) return first
      const secret = await credentials()
      if (secret !== undefined) had = 'sent'
      authorization = await authorized(String(first.headers['www-authenticate'] ?? ''), secret)
      if (authorization === undefined) return first
      ended(first)
      return once(method, url)
    },
    refused: (status, url) => refused(status, url, had),
  }
}
