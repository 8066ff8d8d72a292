import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Identity } from '../certificates.ts'
import { imageNames, registryHost } from '../deployment/facts.ts'
import { planted } from '../deployment/planted.ts'
import { endServer, listenOnLoopback } from '../loopback.ts'
import { configurationOf, firstPush, manifestOf, type Push } from './manifest.ts'

export interface RegistrySandbox {
  readonly port: number
  /** Where the nodes come to it. */
  readonly nodesPort: number
  /** Aliases of nodes that find no way to it. */
  readonly apart: Set<string>
  /** Images (host/name:tag) that were built and never pushed, or that were deleted. */
  readonly lacking: Set<string>
  /** Pushes an image once more under its tag, or one that no commit names: other content, and so another digest. What had the tag before is there no more, by its digest either, as with Gitea. */
  push(image: string, as?: Partial<Omit<Push, 'build'>>): void
  /** What it tells a kubelet of an image (host/name:tag or @digest); undefined where it has no such image. */
  find(image: string): Promise<Found | undefined>
  /** Its token may read images and nothing else. */
  readOnly: boolean
  /** Passwords of its one user that let in: each is revoked by itself. */
  readonly passwords: Set<string>
  /** What it shows instead of any answer; from here: the nodes still get what they ask for. */
  trouble: 'none' | 'reset' | 'reset from here' | 'silence' | 'server-error' | 'not found page'
  reset(): void
  stop(): Promise<void>
}

export interface Found {
  readonly digest: string
  readonly push: Push
}

/** Gitea's registry for what is used of it: the distribution API's reads behind its token, and the deletion of a tag. */
export async function startRegistry(options: {
  readonly identity: Identity
  /** Of every image, at the time of asking. */
  readonly tags: () => Promise<readonly string[]>
  /** What it asks for: a token of its own, as Gitea does, or user and password with each request. */
  readonly auth?: 'token' | 'basic'
}): Promise<RegistrySandbox> {
  const lacking = new Set<string>()
  const apart = new Set<string>()
  /** By image. */
  const pushed = new Map<string, Push>()
  const has = async (name: string): Promise<readonly string[]> => {
    if (!imageNames.includes(name)) return []
    const own = `${registryHost}/${name}:`
    const further = [...pushed.keys()].flatMap((image) => (image.startsWith(own) ? [image.slice(own.length)] : []))
    return [...new Set([...(await options.tags()), ...further])].filter((tag) => !lacking.has(own + tag))
  }
  /** Everything that it has under a name: of each tag its present content alone. */
  const manifests = async (name: string) =>
    (await has(name)).map((tag) => {
      const push = pushed.get(`${registryHost}/${name}:${tag}`) ?? firstPush
      return { tag, push, ...manifestOf(name, tag, push) }
    })

  /** Of one tag alone, as Gitea does; what else has its content keeps it. */
  const remove = async (name: string, tag: string, response: ServerResponse): Promise<void> => {
    // Gitea does not say 403 here.
    if (registry.readOnly) return void response.writeHead(401, { 'www-authenticate': 'Basic realm="Gitea"' }).end('reqPackageAccess')
    if (!(await has(name)).includes(tag)) return error(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown')
    lacking.add(`${registryHost}/${name}:${tag}`)
    pushed.delete(`${registryHost}/${name}:${tag}`)
    response.writeHead(202, own).end()
  }

  const [opens, challenge] =
    options.auth === 'basic'
      ? [authorizationOf(planted.registryPassword), 'Basic realm="registry"']
      : [`Bearer ${planted.registryToken}`, asksForToken]
  const answer = async ({ method, url, headers }: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(url ?? '/', `https://${registryHost}`)
    if (pathname === '/v2/token') return token(headers.authorization, registry.passwords, response)
    // Whatever it has, nobody learns it without a token.
    // Of a repository Gitea takes user and token themselves as well.
    const itself = [...registry.passwords].some((one) => headers.authorization === authorizationOf(one)) && /^\/v2\/./.test(pathname)
    if (headers.authorization !== opens && !itself) return unauthorized(response, challenge)
    if (pathname === '/v2' || pathname === '/v2/') return void response.writeHead(200, own).end()
    const [, untagged = '', gone = ''] = (method === 'DELETE' && /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(pathname)) || []
    if (untagged !== '') return remove(untagged, gone, response)
    if (method !== 'GET' && method !== 'HEAD') return error(response, 405, 'UNSUPPORTED', 'The operation is unsupported')
    const [, name = '', what, version = ''] = /^\/v2\/(.+)\/(manifests|tags|blobs)\/([^/]+)$/.exec(pathname) ?? []
    if (what === 'tags' && version === 'list') {
      const tags = await has(name)
      return tags.length > 0
        ? page(response, searchParams, { name, tags: [...tags].sort() })
        : error(response, 404, 'NAME_UNKNOWN', 'repository name not known to registry')
    }
    const all = await manifests(name)
    const found =
      what === 'blobs'
        ? all.flatMap(({ push }) => (push.plain ? configurationOf(push) : [])).find(({ digest }) => version === digest)
        : all.find(({ tag, digest }) => version === tag || version === digest)
    if (found === undefined)
      return what === 'blobs'
        ? error(response, 404, 'BLOB_UNKNOWN', 'blob unknown to registry')
        : error(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown')
    const { body, digest, type } = found
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
  const serving = (from: 'here' | 'nodes') =>
    createServer({ cert, key, ca: cert }, (request, response) => {
      request.resume()
      if (registry.trouble === 'reset' || (registry.trouble === 'reset from here' && from === 'here')) return void request.socket.destroy()
      if (registry.trouble === 'silence') return
      if (registry.trouble === 'server-error') return void response.writeHead(502).end()
      if (registry.trouble === 'not found page')
        return void response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not Found</h1>')
      answer(request, response).catch(() => response.writeHead(500).end())
    })
  const [server, forNodes] = [serving('here'), serving('nodes')]
  const [port, nodesPort] = [await listenOnLoopback(server), await listenOnLoopback(forNodes)]
  const registry: RegistrySandbox = {
    port,
    nodesPort,
    apart,
    lacking,
    readOnly: false,
    passwords: new Set([planted.registryPassword]),
    trouble: 'none',
    push(image, as = {}) {
      const { build } = pushed.get(image) ?? firstPush
      pushed.set(image, { ...firstPush, ...as, build: build + 1 })
    },
    async find(image) {
      const { name = '', version = '' } = partsOf(image) ?? {}
      const found = (await manifests(name)).find(({ tag, digest }) => version === tag || version === digest)
      return found && { digest: found.digest, push: found.push }
    },
    reset() {
      lacking.clear()
      apart.clear()
      pushed.clear()
      registry.passwords.clear()
      registry.passwords.add(planted.registryPassword)
      registry.trouble = 'none'
      registry.readOnly = false
    },
    async stop() {
      await Promise.all([endServer(server), endServer(forNodes)])
    },
  }
  return registry
}

/** Of an image of this registry: a digest counts where there is a tag as well. */
export const partsOf = (image: string): { readonly name: string; readonly version: string } | undefined => {
  if (!image.startsWith(`${registryHost}/`)) return undefined
  const [, name = '', tag = 'latest', digest] = /^([^:@]+)(?::([^@]+))?(?:@(.+))?$/.exec(image.slice(registryHost.length + 1)) ?? []
  return { name, version: digest ?? tag }
}

const own = { 'docker-distribution-api-version': 'registry/2.0' }

const json = (response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void =>
  void response.writeHead(status, { ...own, 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

/** Like Gitea it names a next page after every one that has tags, the last one too. */
const page = (
  response: ServerResponse,
  query: URLSearchParams,
  { name, tags }: { readonly name: string; readonly tags: readonly string[] },
): void => {
  const [most, last] = [Number(query.get('n') ?? 100), query.get('last') ?? '']
  const some = tags.filter((tag) => tag > last).slice(0, most)
  const next = `/v2/${name}/tags/list?n=${most}&last=${some.at(-1)}`
  json(response, 200, { name, tags: some }, some.length > 0 ? { link: `<${next}>; rel="next"` } : {})
}

const error = (response: ServerResponse, status: number, code: string, message: string, headers?: Readonly<Record<string, string>>): void =>
  json(response, status, { errors: [{ code, message }] }, headers)

/** As Gitea asks: its scope is `*`, and its token serves for everything that the user may read. */
const asksForToken = `Bearer realm="https://${registryHost}/v2/token",service="container_registry",scope="*"`
const authorizationOf = (password: string) => `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`

const unauthorized = (response: ServerResponse, challenge: string): void =>
  error(response, 401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge })

const token = (authorization: string | undefined, passwords: ReadonlySet<string>, response: ServerResponse): void => {
  if ([...passwords].some((one) => authorization === authorizationOf(one))) json(response, 200, { token: planted.registryToken })
  // Who comes without credentials gets the token of nobody, which opens nothing here.
  else if (authorization === undefined) json(response, 200, { token: 'nobody' })
  else unauthorized(response, asksForToken)
}
