import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { unauthorized } from '../status.ts'

/** Who sent a request. */
export interface User {
  readonly name: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

/** The user whom the client's certificate names (CN, and O as groups), or whose token it is; anonymous without either; 401 when it is none of ours. */
export function authenticate(socket: TLSSocket, headers: IncomingHttpHeaders, tokens: Readonly<Record<string, User>> = {}): User {
  const user = certifiedUser(socket)
  if (user) {
    if (!socket.authorized) throw unauthorized()
    return user
  }
  if (headers.authorization !== undefined) {
    const [, token = ''] = /^Bearer (\S+)$/.exec(headers.authorization) ?? []
    const owner = Object.hasOwn(tokens, token) ? tokens[token] : undefined
    if (!owner) throw unauthorized()
    return { ...owner, groups: [...owner.groups, 'system:authenticated'] }
  }
  return anonymous
}

const certified = new WeakMap<TLSSocket, User | undefined>()

/** Whom the client's certificate names, whoever signed it. Read once a connection: it lasts as long as that, and reading takes longer than answering. */
export function certifiedUser(socket: TLSSocket): User | undefined {
  if (!certified.has(socket)) certified.set(socket, readCertificate(socket))
  return certified.get(socket)
}

function readCertificate(socket: TLSSocket): User | undefined {
  const certificate = socket.getPeerCertificate()
  if (certificate && Object.keys(certificate).length > 0) {
    const subject = certificate.subject as unknown as { readonly CN?: string | string[]; readonly O?: string | string[] }
    const groups = subject.O === undefined ? [] : Array.isArray(subject.O) ? subject.O : [subject.O]
    const name = Array.isArray(subject.CN) ? (subject.CN[0] ?? '') : (subject.CN ?? '')
    const digest = createHash('sha256').update(certificate.raw).digest('hex')
    return {
      name,
      groups: [...groups, 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${digest}`] },
    }
  }
  return undefined
}

/** The user whom the impersonation headers name, if any. */
export function impersonated(headers: IncomingHttpHeaders): User | undefined {
  const name = headers['impersonate-user']
  if (typeof name !== 'string' || name === '') return undefined
  const groups = headers['impersonate-group']
  const [, home] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(name) ?? []
  const implied = home === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${home}`]
  const listed = groups === undefined ? implied : (Array.isArray(groups) ? groups : groups.split(',')).map((group) => group.trim())
  const extra = Object.entries(headers).flatMap(([header, value]) => {
    const [, key] = /^impersonate-extra-(.+)$/.exec(header) ?? []
    return key === undefined || value === undefined ? [] : [[decodeURIComponent(key), [value].flat()] as const]
  })
  return {
    name,
    ...(extra.length > 0 ? { extra: Object.fromEntries(extra) } : {}),
    groups: [...new Set([...listed, ...(name === 'system:anonymous' ? ['system:unauthenticated'] : ['system:authenticated'])])],
  }
}
