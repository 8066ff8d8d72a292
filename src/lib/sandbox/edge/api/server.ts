import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Authority, Identity } from '../../certificates.ts'
import { cloudflareHosts } from '../../deployment/facts.ts'
import { endServer, listenOnLoopback } from '../../loopback.ts'
import type { Ranges } from '../ranges.ts'
import { authenticate, authorize } from './access.ts'
import { type Answer, noRoute, Refusal, refuse, tooMany } from './answer.ts'
import { fullBucket } from './purge.ts'
import { routed } from './routes.ts'
import { type CloudflareState, freshState, type IssuedCertificate } from './state.ts'

/** What the API shows instead of an answer, until it is cleared. */
export interface CloudflareFault {
  readonly match?: (request: { readonly method: string; readonly path: string }) => boolean
  /** How many requests it hits; without it, all. */
  readonly times?: number
  readonly answer: 'silence' | 'reset' | 'too-many' | 'server-error' | 'html' | Refusal
  /** The request is carried out and only its answer is lost: what a client that tries again must survive. */
  readonly after?: boolean
}

export interface CloudflareApi {
  readonly port: number
  readonly state: CloudflareState
  /** Adds a fault; returns its end. */
  fail(fault: CloudflareFault): () => void
  reset(): void
  stop(): Promise<void>
}

export interface CloudflareApiOptions {
  /** Signs the server's own certificate. */
  readonly identity: Identity
  readonly originAuthority: Authority
  readonly certificates: () => readonly IssuedCertificate[]
}

/** api.cloudflare.com/client/v4 for what is used of it, and www.cloudflare.com/ips-v4 and ips-v6, over HTTPS on loopback. */
export async function startCloudflareApi(options: CloudflareApiOptions): Promise<CloudflareApi> {
  const held: { state: CloudflareState } = { state: freshState(options.certificates()) }
  const faults = new Set<{ readonly fault: CloudflareFault; left: number }>()
  let bucket = fullBucket(new Date())

  const answer = async (request: IncomingMessage, url: URL): Promise<Answer> => {
    const now = new Date()
    const path = url.pathname.replace(/\/+$/, '').replace(/^\/client\/v4/, '')
    const body = parsed(await textOf(request))
    if (!url.pathname.startsWith('/client/v4/')) throw noRoute(url.pathname)
    const route = routed(request.method ?? 'GET', path)
    if (!route?.open) {
      const token = authenticate(held.state.tokens, request.headers.authorization, path === '/user/tokens/verify', now)
      if (!route) throw noRoute(url.pathname)
      if (route.zone !== undefined && route.zone !== held.state.zone.id) throw refuse(404, 1001, 'Invalid zone identifier')
      if (route.scope) authorize(token, route.scope)
      return route.handle({ state: held.state, query: url.searchParams, body, now, bucket, authority: options.originAuthority, token })
    }
    return route.handle({ state: held.state, query: url.searchParams, body, now, bucket, authority: options.originAuthority })
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'https://localhost')
    const host = (request.headers.host ?? '').replace(/:\d+$/, '')
    const struck = [...faults].find(({ fault }) => fault.match?.({ method: request.method ?? '', path: url.pathname }) ?? true)
    if (struck && --struck.left <= 0) faults.delete(struck)
    if (struck?.fault.after) await answer(request, url).catch(() => undefined)
    if (struck) return show(struck.fault.answer, request, response)
    if (host === cloudflareHosts.www || /^\/ips-v[46]$/.test(url.pathname)) return plainRanges(url.pathname, held.state.ranges, response)
    try {
      send(response, 200, envelope(await answer(request, url)))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      refused(response, error)
    }
  }

  const { certificate: cert, key } = options.identity
  // Idle connections are kept for long, as Cloudflare's edge does: a client that reuses one after seconds must not find it closed.
  const server = createServer({ cert, key, ca: cert, keepAliveTimeout: 400_000 }, (request, response) => {
    serve(request, response).catch((error: unknown) => refused(response, refuse(500, 10001, `internal error: ${String(error)}`)))
  })
  const port = await listenOnLoopback(server)
  return {
    port,
    get state() {
      return held.state
    },
    fail(fault) {
      const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY }
      faults.add(entry)
      return () => void faults.delete(entry)
    },
    reset() {
      held.state = { ...freshState(options.certificates()), zone: held.state.zone }
      faults.clear()
      bucket = fullBucket(new Date())
    },
    async stop() {
      await endServer(server)
    },
  }
}

const envelope = ({ result, info, messages = [] }: Answer) => ({
  result,
  success: true,
  errors: [],
  messages,
  ...(info ? { result_info: info } : {}),
})

const refused = (response: ServerResponse, { status, errors, headers }: Refusal): void =>
  send(response, status, { result: null, success: false, errors, messages: [] }, headers)

function show(answer: CloudflareFault['answer'], request: IncomingMessage, response: ServerResponse): void {
  if (answer === 'silence') request.resume()
  else if (answer === 'reset') request.socket.destroy()
  else if (answer === 'too-many') refused(response, tooMany(1))
  else if (answer === 'server-error') refused(response, refuse(500, 10001, 'Internal server error'))
  else if (answer === 'html') response.writeHead(502, { 'content-type': 'text/html' }).end('<html><body>502 Bad Gateway</body></html>\n')
  else refused(response, answer)
}

function send(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', server: 'cloudflare', ...headers }).end(JSON.stringify(body))
}

/** One range a line, none after the last, as the published lists are. */
function plainRanges(path: string, ranges: Ranges, response: ServerResponse): void {
  const list = { '/ips-v4': ranges.ipv4, '/ips-v6': ranges.ipv6 }[path]
  if (list) response.writeHead(200, { 'content-type': 'text/plain' }).end(list.join('\n'))
  else response.writeHead(404, { 'content-type': 'text/plain' }).end('not found')
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) {
    chunks.push(chunk as Buffer)
    if (chunks.reduce((sum, { length }) => sum + length, 0) > 1_000_000) throw refuse(413, 10002, 'request body too large')
  }
  return Buffer.concat(chunks).toString()
}

function parsed(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw refuse(400, 6007, 'Malformed JSON in request body')
  }
}
