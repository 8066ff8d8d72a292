import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Duration, limited, seconds } from '../../clock.ts'
import { Trouble } from '../../errors.ts'
import { type Reference, referenceOf } from '../../image-reference.ts'
import type { Secret } from '../../secret.ts'
import { sharing } from '../../shared-answer.ts'
import { parsed } from '../answer-body.ts'
import { type Asked, httpsTo, type Trust } from '../https.ts'
import { ended, textOf } from './body.ts'
import { type Conversation, conversation, grantBy } from './conversation.ts'
import { type Get, platformsOf } from './platforms.ts'
import { noRegistry, unanswered } from './trouble.ts'
import type { Asker, RegistryImage, RegistryReader } from './types.ts'

export interface RegistryOptions extends Trust {
  /** `user:password` for a registry: of a pull secret that is named, else of whichever the deployment has for it. */
  readonly credentials: (host: string, secret?: string) => Promise<Secret | undefined>
  /** A node that answers, and connections from it; without it no node can be asked from. */
  readonly nodes?: (alias: string) => Promise<Dial>
  /** For the whole question, the token included. */
  readonly timeout?: Duration
  readonly signal?: AbortSignal
}

type Dial = (target: { readonly host: string; readonly port: number }) => Promise<Duplex>

/** More pages of tags than this are another registry's mistake. */
const mostPages = 50

/** The reading half: what a registry has of an image, asked as the OCI distribution API has it. */
export const readRegistry = (options: RegistryOptions): RegistryReader => {
  const { signal, timeout = seconds(5) } = options
  const direct = httpsTo(options)
  const untilThen = () => limited(timeout, signal).signal
  // A release is several images, asked for together: what each of them needs for it is asked for once.
  const credentials = sharing(options.credentials)
  const grant = sharing((url: string, authorization?: string) => grantBy(direct, untilThen())(url, authorization))

  const asked = async <T>(
    image: string,
    question: (talk: Conversation, reference: Reference, elsewhere: Elsewhere) => Promise<T>,
    asker?: Asker,
  ): Promise<T> => {
    const reference = referenceOf(image)
    if (reference === undefined) throw noRegistry(image)
    signal?.throwIfAborted()
    // How long SSH may take is SSH's own: a node that is away is no registry that is.
    const dial = asker?.node === undefined ? undefined : await options.nodes?.(asker.node)
    const until = untilThen()
    const send: Send = dial === undefined ? direct : async (url, what) => direct(url, { ...what, through: await dialed(dial, url, until) })
    const { host, name } = reference
    try {
      const talk = conversation({
        host,
        name,
        send,
        until,
        // What is asked from a node is asked for from there as well: its way is what is looked at.
        grant: dial === undefined ? grant : grantBy(send, until),
        credentials: async () =>
          asker === undefined ? credentials(host) : asker.secret === undefined ? asker.as : credentials(host, asker.secret),
        without: asker === undefined ? 'none' : 'nobody',
      })
      return await question(talk, reference, (url) => send(url, { headers: {}, signal: until }))
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (error instanceof Trouble) throw error
      const silent = until.aborted ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : error
      throw unanswered(silent, new URL(`https://${host}/v2/`), timeout)
    }
  }

  /** `more`: what else is asked of an image that is there. */
  const manifest = async <T>(
    talk: Conversation,
    { host, name, version }: Reference,
    more: (digest: string) => Promise<T>,
  ): Promise<T | undefined> => {
    const path = `/v2/${name}/manifests/${version}`
    const url = new URL(path, `https://${host}`)
    const response = ended(await talk.ask('HEAD', path))
    if (response.statusCode === 200) {
      const digest = response.headers['docker-content-digest']
      if (typeof digest !== 'string') throw talk.refused(200, url)
      return more(digest)
    }
    // A HEAD has no body, and anything may answer 404: only the registry's own code says that there is no such image.
    if (response.statusCode === 404 && (await isUnknown(await talk.ask('GET', path)))) return undefined
    throw talk.refused(response.statusCode ?? 0, url)
  }

  const digest = (image: string, asker?: Asker) =>
    asked(image, (talk, reference) => manifest(talk, reference, async (found) => found), asker)

  return {
    digest: (image) => digest(image),
    toldTo: (asker, image) => digest(image, asker),
    image: (image) =>
      asked(image, (talk, reference, elsewhere) =>
        manifest(
          talk,
          reference,
          async (found): Promise<RegistryImage> => ({
            digest: found,
            platforms: await platformsOf(found, getting(talk, reference, elsewhere)),
          }),
        ),
      ),
    tags: (image) => asked(image, tagsOf),
  }
}

type Send = (url: URL, asked: Asked) => Promise<IncomingMessage>

/** A place that the registry names, asked without its credentials. */
type Elsewhere = (url: URL) => Promise<IncomingMessage>

/** What a registry keeps elsewhere is asked for there. */
const getting =
  (talk: Conversation, { host, name }: Reference, elsewhere: Elsewhere): Get =>
  async (what, by) => {
    const path = `/v2/${name}/${what}/${by}`
    const first = await talk.ask('GET', path)
    const leads = String(first.headers.location ?? '')
    const moved = first.statusCode === 307 && /^https:/.test(leads) && URL.canParse(leads)
    const answer = moved ? await elsewhere(new URL(leads)) : first
    if (moved) ended(first)
    const body = parsed(await textOf(answer))
    if (answer.statusCode !== 200) throw talk.refused(answer.statusCode ?? 0, new URL(path, `https://${host}`))
    return body
  }

/** Gitea names a next page after every one that has tags: the end is a page that has nothing new. */
const tagsOf = async (talk: Conversation, { host, name }: Reference): Promise<readonly string[] | undefined> => {
  const found = new Set<string>()
  let path: string | undefined = `/v2/${name}/tags/list?n=200`
  for (let page = 0; page < mostPages && path !== undefined; page++) {
    const url: URL = new URL(path, `https://${host}`)
    const response = await talk.ask('GET', path)
    const body = parsed(await textOf(response)) as { readonly tags?: unknown } | undefined
    if (response.statusCode === 404 && saysUnknown(body)) return undefined
    const tags = body?.tags ?? []
    if (response.statusCode !== 200 || body === undefined || !isTexts(tags)) throw talk.refused(response.statusCode ?? 0, url)
    const before = found.size
    for (const tag of tags) found.add(tag)
    const [, leads] = /<([^>]+)>\s*;[^,]*\brel="?next"?/i.exec(String(response.headers.link ?? '')) ?? []
    const next: URL | undefined = leads !== undefined && URL.canParse(leads, url.href) ? new URL(leads, url) : undefined
    path = next !== undefined && next.host === url.host && found.size > before ? `${next.pathname}${next.search}` : undefined
  }
  return [...found]
}

const isTexts = (tags: unknown): tags is readonly string[] => Array.isArray(tags) && tags.every((one) => typeof one === 'string')

const isUnknown = async (response: IncomingMessage): Promise<boolean> =>
  saysUnknown(parsed(await textOf(response))) && response.statusCode === 404

const saysUnknown = (body: unknown): boolean => {
  const { errors } = (body ?? {}) as { readonly errors?: readonly { readonly code?: string }[] }
  return Array.isArray(errors) && errors.some(({ code }) => code === 'MANIFEST_UNKNOWN' || code === 'NAME_UNKNOWN')
}

/** A connection from a node; one that comes after the time is over is let go. */
const dialed = (dial: Dial, { hostname, port }: URL, until: AbortSignal): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const over = () => reject(until.reason)
    if (until.aborted) return over()
    until.addEventListener('abort', over, { once: true })
    dial({ host: hostname, port: Number(port || 443) }).then(
      (stream) => {
        until.removeEventListener('abort', over)
        if (until.aborted) stream.on('error', () => {}).destroy()
        else resolve(stream)
      },
      (error: unknown) => {
        until.removeEventListener('abort', over)
        reject(error)
      },
    )
  })
