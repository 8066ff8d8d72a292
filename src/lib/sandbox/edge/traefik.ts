import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Identity } from '../certificates.ts'
import type { Client } from '../kubernetes/types.ts'
import { endServer, listenOnLoopback } from '../loopback.ts'
import { type Configuration, certificateFor, configurationOf, letsIn, type Served, servedFrom } from './serving.ts'
import { answerOf } from './workloads.ts'

/** What is wrong with a node's Traefik: it never reloads, its handshakes fail, or it serves a certificate that no Secret has. */
export type TraefikFault = 'stale' | 'no-handshake' | { readonly serves: Identity }

export interface Traefik {
  /** Of its port 443, on 127.0.0.1. */
  readonly port: number
  fail(fault: TraefikFault | undefined): void
  isWell(): boolean
  /** Reads the cluster at once, and is without faults. */
  reset(): void
  stop(): Promise<void>
}

export interface TraefikOptions {
  readonly client: Client
  /** Milliseconds from a change in the cluster to its being served: Traefik's providers are throttled to one reload in two seconds. */
  readonly reloadMs: number
  /** Served where no certificate fits, once it is needed. */
  readonly fallback: Identity
  /** A pod of api answered this path, in so many milliseconds. */
  readonly answered?: (path: string, tookMs: number) => void
}

const watched = new Set(['secrets', 'ingresses', 'tlsstores', 'middlewares'])

/** One Traefik: TLS by server name from the Secrets of the cluster, routes by the Ingresses' hosts to the workloads. */
export async function startTraefik({ client, reloadMs, fallback, answered }: TraefikOptions): Promise<Traefik> {
  let configuration: Configuration = configurationOf(client)
  let fault: TraefikFault | undefined
  let pending: NodeJS.Timeout | undefined
  const fallbackServed = servedFrom(fallback)

  const reload = () => {
    pending = undefined
    if (fault !== 'stale') configuration = configurationOf(client)
  }
  const unwatch = client.watch(({ resource }) => {
    if (!watched.has(resource.resource) || pending) return
    pending = setTimeout(reload, reloadMs)
    pending.unref()
  })

  const choose = (servername: string): Served | undefined => {
    if (typeof fault === 'object') return servedFrom(fault.serves)
    return certificateFor(configuration.certificates, servername) ?? configuration.store ?? fallbackServed
  }
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
    const [backend, path = '/'] = [configuration.hosts.get(host), (request.url ?? '/').split('?')[0]]
    const users = configuration.logins.get(host)
    if (users && !letsIn(users, request.headers.authorization)) {
      request.resume()
      response.writeHead(401, { 'content-type': 'text/plain', 'www-authenticate': 'Basic realm="traefik"' }).end('401 Unauthorized\n')
      return
    }
    const began = performance.now()
    const { status, type, body } = answerOf(client, backend, path)
    // What no route takes is counted by none.
    if (backend?.service === 'api' && status === 200) answered?.(path, performance.now() - began)
    request.resume()
    response.writeHead(status, { 'content-type': type }).end(request.method === 'HEAD' ? undefined : body)
  }
  const server = createServer(
    {
      cert: fallback.certificate,
      key: fallback.key,
      ca: fallback.certificate,
      // Connections stay open for as long as the edge keeps them.
      keepAliveTimeout: 120_000,
      SNICallback: (servername, done) => {
        if (fault === 'no-handshake') return done(new Error('no handshake'))
        done(null, choose(servername)?.context())
      },
    },
    serve,
  )
  server.on('tlsClientError', () => {})
  const port = await listenOnLoopback(server)
  return {
    port,
    fail(next) {
      fault = next
      if (next === undefined) reload()
    },
    isWell: () => fault === undefined,
    reset() {
      clearTimeout(pending)
      fault = undefined
      reload()
      server.closeAllConnections()
    },
    async stop() {
      clearTimeout(pending)
      unwatch()
      await endServer(server)
    },
  }
}
