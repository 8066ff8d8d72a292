import { Agent } from 'node:https'
import { type Clock, type Duration, endAfter, seconds } from '../../clock.ts'
import { Unreachable } from '../../errors.ts'
import type { Secret } from '../../secret.ts'
import { bodyOf } from '../answer-body.ts'
import { httpsTo, type Trust } from '../https.ts'
import { cloudflareTrouble, noResult, statusOf } from './trouble.ts'

export interface CloudflareOptions extends Trust {
  /** The zone's name. */
  readonly zone: string
  /** Asked once, at the first call that needs it. */
  readonly token: () => Promise<Secret>
  /** What prints it, for the shell lines. */
  readonly tokenCommand?: readonly string[] | undefined
  readonly clock: Clock
  readonly signal?: AbortSignal
  /** Of one request, its body included. */
  readonly timeout?: Duration
}

/** One call in words: what it does, and the token permission it takes. */
export interface Doing {
  readonly doing: string
  readonly needs: string
}

/** The SDK over our own transport: its defaults would retry writes, wait without end, and read addresses and keys from the environment. */
export const cloudflareClient = (options: CloudflareOptions) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 6 })
  const fetch = transport(options, agent)
  let [signedIn, anonymous]: (ReturnType<typeof open> | undefined)[] = []
  const within = (use: 'token' | 'nobody') => {
    if (use === 'token') {
      signedIn ??= open(options.token, fetch)
      return signedIn
    }
    anonymous ??= open(async () => undefined, fetch)
    return anonymous
  }

  const call = async <T>({ doing, needs }: Doing, ask: (sdk: Sdk) => Promise<T>, as: 'token' | 'nobody') => {
    const client = await within(as)
    const result = await ask(client).catch((error: unknown) => {
      options.signal?.throwIfAborted()
      throw cloudflareTrouble(error, doing, needs)
    })
    if (result === undefined || result === null) throw noResult(doing)
    return result as NonNullable<T>
  }

  return {
    /** A write: sent once. */
    write: <T>(doing: Doing, ask: (sdk: Sdk) => Promise<T>) => call(doing, ask, 'token'),
    /** A read: sent again once where that may help, within a few seconds. */
    read: async <T>(doing: Doing, ask: (sdk: Sdk) => Promise<T>, as: 'token' | 'nobody' = 'token') => {
      try {
        return await call(doing, ask, as)
      } catch (error) {
        const wait = pauseBefore(error)
        if (wait === undefined) throw error
        await options.clock.sleep(wait, options.signal)
        return call(doing, ask, as)
      }
    },
    close: () => agent.destroy(),
  }
}

/** The SDK with the resources that are used, signed in or not. */
const open = async (token: () => Promise<Secret | undefined>, fetch: Transport) => {
  const [sdk, secret] = await Promise.all([import('./sdk.ts'), token()])
  const {
    createClient,
    BaseZones,
    BaseSettings,
    BaseRecords,
    BaseIPs,
    BasePhases,
    BasePageRules,
    BaseCache,
    BaseOriginCACertificates,
    BaseTokens,
  } = sdk
  return createClient({
    resources: [BaseZones, BaseSettings, BaseRecords, BaseIPs, BasePhases, BasePageRules, BaseCache, BaseOriginCACertificates, BaseTokens],
    baseURL: 'https://api.cloudflare.com/client/v4',
    apiToken: secret?.reveal() ?? null,
    apiKey: null,
    apiEmail: null,
    userServiceKey: null,
    maxRetries: 0,
    logLevel: 'off',
    fetch,
  })
}

type Transport = (input: unknown, init?: RequestInit) => Promise<Response>
type Sdk = Awaited<ReturnType<typeof open>>

export type CloudflareClient = ReturnType<typeof cloudflareClient>

/** Milliseconds to wait before a read is sent again; undefined where that would not help, or take too long. */
const pauseBefore = (error: unknown): number | undefined => {
  const cause = error instanceof Error ? error.cause : undefined
  const status = cause === undefined ? undefined : statusOf(cause)
  // A kept connection that the other end has just closed looks like this, and is nothing.
  if (error instanceof Unreachable && error.code === 'cloudflare-unreachable') return 100
  if (status !== undefined && status >= 500) return 500
  if (status !== 429) return undefined
  const asked = Number((cause as { readonly headers?: Headers }).headers?.get('retry-after') ?? 1)
  return asked <= 5 ? asked * 1000 : undefined
}

/** No page of a list is longer. */
const mostBytes = 8 * 1024 * 1024

/** A `fetch` for the SDK that connects where the environment says, and whose time limit holds for the body too. */
const transport = (options: CloudflareOptions, agent: Agent): Transport => {
  const send = httpsTo(options)
  const { timeout = seconds(8), signal } = options
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : String(input))
    const limit = endAfter(timeout)
    const { method = 'GET' } = init
    // Ctrl-C cuts a read off; a write comes to its end, or nobody would know what it did.
    const ending = method === 'GET' && signal ? [signal] : []
    try {
      const response = await send(url, {
        method,
        headers: Object.fromEntries(new Headers(init.headers)),
        ...(typeof init.body === 'string' && { body: init.body }),
        signal: AbortSignal.any([limit, ...ending, ...(init.signal ? [init.signal] : [])]),
        // A write has a connection of its own: on a kept one that was just closed nobody could say whether it arrived.
        ...(method === 'GET' && { agent }),
      })
      const text = await bodyOf(response, mostBytes)
      const headers = Object.entries(response.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []))
      const status = response.statusCode ?? 500
      return new Response(status === 204 ? null : text, { status, headers: Object.fromEntries(headers) })
    } catch (error) {
      throw limit.aborted ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : error
    }
  }
}
