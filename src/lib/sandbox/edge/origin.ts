import { Agent, type RequestOptions, request as send } from 'node:https'
import type { Socket } from 'node:net'
import { checkServerIdentity, connect, type PeerCertificate } from 'node:tls'
import type { SslMode } from './api/state.ts'
import type { Verdict } from './firewall.ts'

/** One node as the edge sees it from outside. */
export interface Origin {
  /** The public one, that names lead to; another machine in its place may have another one. */
  address(): string
  /** Of its Traefik, on 127.0.0.1. */
  readonly port: number
  /** Whether anything listens at 443: the machine and its Traefik are up. */
  listens(): boolean
  /** What its firewall says to a new connection from this address. */
  verdict(source: string): Verdict
  /** Told of connections at 443 as they open and close. */
  opened(source: string, port: number): void
  closed(port: number): void
}

export interface Asked {
  readonly host: string
  readonly mode: SslMode
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

export interface Replied {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** An origin that gave no answer: the status that the edge would show for it. */
export class OriginFailure extends Error {
  readonly status: 520 | 521 | 522 | 525 | 526
  constructor(status: OriginFailure['status']) {
    super(`origin failure ${status}`)
    this.status = status
  }
}

export interface OriginPool {
  ask(asked: Asked): Promise<Replied>
  close(): void
}

/** Connections of the edge to one node, kept alive; the certificate is verified in Full (strict) and only there, whenever one is made. */
export function originPool(
  origin: Origin,
  trust: { readonly roots: readonly string[]; readonly revoked: (serial: string) => boolean; readonly source: () => string },
  keepAliveMs: number,
): OriginPool {
  // Without session tickets: a resumed session would not show the certificate again.
  const agent = new Agent({ keepAlive: keepAliveMs > 0, maxCachedSessions: 0, maxFreeSockets: 16, timeout: Math.max(1, keepAliveMs) })
  const dial = (options: RequestOptions, done: (error: Error | null, socket?: Socket) => void): Socket | undefined => {
    const source = trust.source()
    const refusal = !origin.listens() ? 521 : ({ allow: undefined, drop: 522, reject: 521 } as const)[origin.verdict(source)]
    if (refusal !== undefined) {
      done(new OriginFailure(refusal))
      return undefined
    }
    const socket = connect({ ...(options as object), host: '127.0.0.1', port: origin.port })
    let own = 0
    socket.once('connect', () => {
      own = socket.localPort ?? 0
      origin.opened(source, own)
    })
    socket.once('close', () => origin.closed(own))
    return socket
  }
  agent.createConnection = dial as typeof agent.createConnection

  const identity = (name: string, certificate: PeerCertificate): Error | undefined =>
    trust.revoked(certificate.serialNumber) ? new OriginFailure(526) : checkServerIdentity(name, certificate)

  const once = ({ host, mode, method, path, headers, body }: Asked): Promise<Replied> =>
    new Promise((resolve, reject) => {
      // Port 80 is closed on every node: what reaches the origin without TLS does not reach it.
      if (mode === 'flexible' || mode === 'off') return reject(new OriginFailure(522))
      const strict = mode === 'strict'
      const request = send({
        agent,
        method,
        path,
        headers: { ...headers, host },
        servername: host,
        rejectUnauthorized: strict,
        ...(strict ? { ca: [...trust.roots], checkServerIdentity: identity } : {}),
      })
      request.once('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.once('error', reject)
        response.once('end', () => resolve({ status: response.statusCode ?? 520, headers: response.headers, body: Buffer.concat(chunks) }))
      })
      request.once('error', (error: NodeJS.ErrnoException) =>
        reject(request.reusedSocket && error.code === 'ECONNRESET' ? 'again' : failureOf(error)),
      )
      request.end(body)
    })

  return {
    ask: (asked) => once(asked).catch((error: unknown) => (error === 'again' ? once(asked) : Promise.reject(error))),
    close: () => agent.destroy(),
  }
}

const invalid = /^(CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|INVALID_|HOSTNAME_)/

function failureOf(error: NodeJS.ErrnoException): OriginFailure {
  if (error instanceof OriginFailure) return error
  const code = error.code ?? ''
  if (invalid.test(code)) return new OriginFailure(526)
  if (code === 'ECONNREFUSED') return new OriginFailure(521)
  // Before anything was answered: the handshake did not come to its end.
  return new OriginFailure(code.startsWith('ERR_SSL') || code === 'EPROTO' || code === 'ECONNRESET' ? 525 : 520)
}
