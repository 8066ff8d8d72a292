import { randomUUID, sign } from 'node:crypto'
import { createServer } from 'node:https'
import type { Authority } from '../../../src/lib/sandbox/certificates.ts'
import { endServer, listenOnLoopback } from '../../../src/lib/sandbox/loopback.ts'
import { credentials } from '../../contract/registry/world.ts'

export const tokenHost = 'tokens.example'
export const issuer = 'honeydue-real'
export const service = 'container_registry'

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The other half of a registry that asks for tokens: it gives one that may pull to the one user, and one that may nothing to who brings no credentials. */
export const startTokenService = async (authority: Authority): Promise<{ readonly port: number; stop(): Promise<void> }> => {
  const identity = authority.issue({ commonName: tokenHost, names: [tokenHost] })
  const chain = [identity.certificate.replace(/-----[^-]+-----|\s/g, '')]
  const tokenFor = (access: readonly object[]): string => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer, sub: 'admin', aud: service, exp: now + 300, nbf: now - 10, iat: now, jti: randomUUID(), access }
    const said = `${base64url({ typ: 'JWT', alg: 'ES256', x5c: chain })}.${base64url(claims)}`
    const signature = sign('sha256', Buffer.from(said), { key: identity.key, dsaEncoding: 'ieee-p1363' })
    return `${said}.${signature.toString('base64url')}`
  }
  const server = createServer({ cert: identity.certificate, key: identity.key }, ({ url, headers }, response) => {
    const asked = new URL(url ?? '/', `https://${tokenHost}`).searchParams
    const known = headers.authorization === `Basic ${Buffer.from(credentials).toString('base64')}`
    if (headers.authorization !== undefined && !known) return void response.writeHead(401).end()
    const access = asked
      .getAll('scope')
      .map((scope) => /^(\w+):(.+):pull$/.exec(scope))
      .flatMap((found) => (found && known ? [{ type: found[1], name: found[2], actions: ['pull'] }] : []))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ token: tokenFor(access) }))
  })
  return { port: await listenOnLoopback(server), stop: () => endServer(server) }
}
