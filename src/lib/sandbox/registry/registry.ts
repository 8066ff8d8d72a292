import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Identity } from '../certificates.ts'
import { imageNames, registryHost } from '../deployment/facts.ts'
import { planted } from '../deployment/planted.ts'
import { endServer, listenOnLoopback } from '../loopback.ts'
import { manifestOf } from './manifest.ts'

export interface RegistrySandbox {
  readonly port: number
  /** Images (host/name:tag) that were built and never pushed, or that were deleted. */
  readonly lacking: Set<string>
  /** What it shows instead of any answer. */
  trouble: 'none' | 'reset' | 'silence' | 'server-error' | 'not found page'
  reset(): void
  stop(): Promise<void>
}

/** Gitea's registry for what is used of it: the distribution API's reads behind its token. */
export async function startRegistry(options: {
  readonly identity: Identity
  /** Of every image, at the time of asking. */
  readonly tags: () => Promise<readonly string[]>
  /** What it asks for: a token of its own, as Gitea does, or user and password with each request. */
  readonly auth?: 'token' | 'basic'
}): Promise<RegistrySandbox> {
  const lacking = new Set<string>()
  const has = async (name: string) =>
    imageNames.includes(name) ? (await options.tags()).filter((tag) => !lacking.has(`${registryHost}/${name}:${tag}`)) : []

  const [opens, challenge] =
    options.auth === 'basic' ? [admin, 'Basic realm="registry"'] : [`Bearer ${planted.registryToken}`, asksForToken]
  const answer = async ({ method, url, headers }: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(url ?? '/', `https://${registryHost}`)
    if (pathname === '/v2/token') return token(headers.authorization, response)
    // Whatever it has, nobody learns it without a token.
    if (headers.authorization !== opens) return unauthorized(response, challenge)
    if (pathname === '/v2' || pathname === '/v2/') return void response.writeHead(200, own).end()
    if (method !== 'GET' && method !== 'HEAD') return error(response, 405, 'UNSUPPORTED', 'The operation is unsupported')
    const [, name = '', what, version = ''] = /^\/v2\/(.+)\/(manifests|tags)\/([^/]+)$/.exec(pathname) ?? []
    const tags = await has(name)
    if (what === 'tags' && version === 'list')
      return tags.length > 0
        ? json(response, 200, { name, tags })
        : error(response, 404, 'NAME_UNKNOWN', 'repository name not known to registry')
    const manifest = tags.map((tag) => ({ tag, ...manifestOf(name, tag) })).find(({ tag, digest }) => version === tag || version === digest)
    if (what !== 'manifests' || manifest === undefined) return error(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown')
    const { body, digest, type } = manifest
    response.writeHead(200, {
      ...own,
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'docker-content-digest': digest,
      etag: `"${digest}"`,
    })
    response.end(body)
  }

  const { certificate: cert, key } = options.identity
  const server = createServer({ cert, key, ca: cert }, (request, response) => {
    request.resume()
    if (registry.trouble === 'reset') return void request.socket.destroy()
    if (registry.trouble === 'silence') return
    if (registry.trouble === 'server-error') return void response.writeHead(502).end()
    if (registry.trouble === 'not found page')
      return void response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not Found</h1>')
    answer(request, response).catch(() => response.writeHead(500).end())
  })
  const port = await listenOnLoopback(server)
  const registry: RegistrySandbox = {
    port,
    lacking,
    trouble: 'none',
    reset() {
      lacking.clear()
      registry.trouble = 'none'
    },
    async stop() {
      await endServer(server)
    },
  }
  return registry
}

const own = { 'docker-distribution-api-version': 'registry/2.0' }

const json = (response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void =>
  void response.writeHead(status, { ...own, 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

const error = (response: ServerResponse, status: number, code: string, message: string, headers?: Readonly<Record<string, string>>): void =>
  json(response, status, { errors: [{ code, message }] }, headers)

/** As Gitea asks: its scope is `*`, and its token serves for everything that the user may read. */
const asksForToken = `Bearer realm="https://${registryHost}/v2/token",service="container_registry",scope="*"`
const admin = `Basic ${Buffer.from(`admin:${planted.registryPassword}`).toString('base64')}`

const unauthorized = (response: ServerResponse, challenge: string): void =>
  error(response, 401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge })

const token = (authorization: string | undefined, response: ServerResponse): void => {
  if (authorization === admin) json(response, 200, { token: planted.registryToken })
  // Who comes without credentials gets the token of nobody, which opens nothing here.
  else if (authorization === undefined) json(response, 200, { token: 'nobody' })
  else unauthorized(response, asksForToken)
}
