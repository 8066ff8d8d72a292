import { createPublicKey, verify } from 'node:crypto'
import { once } from 'node:events'
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Identity } from '../certificates.ts'
import { apns as facts } from '../deployment/facts.ts'
import { planted } from '../deployment/planted.ts'
import { listenOnLoopback } from '../loopback.ts'

export interface ApnsSandbox {
  readonly port: number
  /** The private keys (PEM) by their ids, of which it verifies signatures; a key that is revoked is not in it. */
  readonly keys: Map<string, string>
  /** Devices that a notification reaches. */
  readonly devices: Set<string>
  /** `first the device`: it looks at the device before it looks at who asks. `too many`: it has been given too many tokens. */
  trouble: 'none' | 'reset' | 'silence' | 'server-error' | 'html' | 'first the device' | 'too many'
  reset(): void
  stop(): Promise<void>
}

/** APNs over HTTP/2, for requests that are signed with a key: each token's signature, age, team and topic are looked at, and then the device. */
export const startApns = async (identity: Identity): Promise<ApnsSandbox> => {
  const sessions = new Set<ServerHttp2Session>()

  const answer = (path: string, authorization: string, topic: string): readonly [number, string] => {
    const [, device = ''] = /^\/3\/device\/(.+)$/.exec(path) ?? []
    const known = state.devices.has(device)
    if (state.trouble === 'server-error') return [503, 'ServiceUnavailable']
    if (state.trouble === 'too many') return [429, 'TooManyProviderTokenUpdates']
    if (state.trouble === 'first the device' && !known) return [400, 'BadDeviceToken']
    const refused = whyRefused(/^bearer (.+)$/i.exec(authorization)?.[1], state.keys)
    if (refused !== undefined) return [403, refused]
    if (topic !== facts.topic) return [400, topic === '' ? 'MissingTopic' : 'TopicDisallowed']
    return known ? [200, ''] : [400, 'BadDeviceToken']
  }

  const server = createSecureServer({ cert: identity.certificate, key: identity.key, ca: identity.certificate })
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
    session.on('close', () => sessions.delete(session))
  })
  server.on('sessionError', () => {})
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {})
    if (state.trouble === 'silence') return
    if (state.trouble === 'reset') return void stream.session?.destroy()
    if (state.trouble === 'html') {
      stream.respond({ ':status': 200, 'content-type': 'text/html' })
      return void stream.end('<html><h1>Hello</h1></html>')
    }
    const [status, reason] = answer(headers[':path'] ?? '', headers.authorization ?? '', String(headers['apns-topic'] ?? ''))
    stream.resume()
    stream.respond({ ':status': status, 'apns-id': '00000000-0000-0000-0000-000000000000' })
    stream.end(reason === '' ? '' : JSON.stringify({ reason }))
  })
  const port = await listenOnLoopback(server)
  const state: ApnsSandbox = {
    port,
    keys: new Map([[facts.keyId, planted.apnsKey]]),
    devices: new Set(),
    trouble: 'none',
    reset() {
      state.trouble = 'none'
      state.devices.clear()
      state.keys.clear()
      state.keys.set(facts.keyId, planted.apnsKey)
    },
    async stop() {
      const closed = once(server, 'close')
      server.close()
      for (const session of sessions) session.destroy()
      await closed
    },
  }
  return state
}

interface Token {
  readonly alg?: unknown
  readonly kid?: unknown
  readonly iss?: unknown
  readonly iat?: unknown
}

/** As Apple has it: a token is at most an hour old. */
const oldest = 3600

const whyRefused = (token: string | undefined, keys: ReadonlyMap<string, string>): string | undefined => {
  if (token === undefined) return 'MissingProviderToken'
  const [head = '', claims = '', signature = ''] = token.split('.')
  const part = (text: string): Token => {
    try {
      return JSON.parse(Buffer.from(text, 'base64url').toString()) as Token
    } catch {
      return {}
    }
  }
  const { alg, kid } = part(head)
  const { iss, iat } = part(claims)
  const pem = keys.get(String(kid))
  if (alg !== 'ES256' || pem === undefined || iss !== facts.team || typeof iat !== 'number') return 'InvalidProviderToken'
  const key = { key: createPublicKey(pem), dsaEncoding: 'ieee-p1363' } as const
  if (!verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'))) return 'InvalidProviderToken'
  return Math.abs(Date.now() / 1000 - iat) > oldest ? 'ExpiredProviderToken' : undefined
}
