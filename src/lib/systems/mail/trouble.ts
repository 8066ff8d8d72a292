import { type Account, Unreachable } from '../../errors.ts'
import { sh } from '../../shell.ts'
import { httpTrouble } from '../http/trouble.ts'
import type { Login } from './types.ts'

/** The server that is asked. */
export interface Server {
  readonly host: string
  readonly port: number
}

const account = ({ host, port }: Server, code: string, failed: string, cause: string): Account => ({
  code,
  failed,
  cause,
  next: sh`openssl s_client -starttls smtp -crlf -connect ${host}:${port} -servername ${host}`,
})

/** The connection failed or was lost, by the code of Node or OpenSSL. */
export const unanswered = (error: unknown, server: Server, timeoutMs: number): Unreachable => {
  const { code, likely = '' } = httpTrouble(error, new URL(`https://${server.host}:${server.port}`), timeoutMs)
  const own = { 'http-tls': 'mail-tls', 'http-silent': 'mail-silent', 'http-lost': 'mail-lost' }[code] ?? 'mail-unreachable'
  return new Unreachable(account(server, own, `${server.host}:${server.port} does not answer`, likely), { cause: error })
}

/** It answers, and turns us away before any login. */
export const turnedAway = (server: Server, to: string, reply: { readonly code: number; readonly words: string }): Unreachable =>
  new Unreachable(
    account(
      server,
      reply.code < 500 ? 'mail-busy' : 'mail-refused',
      `${server.host} answered ${reply.code} to ${to}`,
      `it says: ${reply.words}`,
    ),
  )

/** Nothing is handed over without a login. */
export const notLoggedIn = (server: Server, login: Login): Unreachable =>
  new Unreachable({
    ...account(
      server,
      'mail-no-login',
      `${server.host} was handed no message: the login was ${login.is}`,
      'words' in login ? `it says ${login.code}: ${login.words}` : 'because' in login ? login.because : 'it offers none with a password',
    ),
    next: 'honeydue mail:status',
  })

/** The message was said to its end, and the answer never came. */
export const notKnown = (server: Server, error: unknown): Unreachable =>
  new Unreachable(
    {
      ...account(
        server,
        'mail-not-known',
        `${server.host} did not say whether it took the message`,
        'the connection was lost after its last line: it may be on its way',
      ),
      next: 'honeydue mail:status',
    },
    { cause: error },
  )

/** It has no TLS, and gets no password. */
export const noTls = (server: Server): Unreachable =>
  new Unreachable(
    account(
      server,
      'mail-no-starttls',
      `${server.host}:${server.port} offers no STARTTLS`,
      'something between takes the offer away, or another server answers there; no password was sent',
    ),
  )

/** What answers is no mail server, or one that speaks before its turn. */
export const notSmtp = (server: Server, because: string): Unreachable =>
  new Unreachable(account(server, 'mail-not-smtp', `What answers at ${server.host}:${server.port} does not speak SMTP`, because))

/** DNS says neither yes nor no. */
export const dnsTrouble = (error: unknown, name: string, type: string, timeoutMs: number): Unreachable => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const silent = code === 'ETIMEOUT' || code === 'ECANCELLED'
  return new Unreachable(
    {
      code: silent ? 'dns-silent' : 'dns-refused',
      failed: `DNS does not say which ${type} ${name} has`,
      cause: silent ? `no answer within ${timeoutMs / 1000} s` : `the name server does not answer the question (${code || 'no code'})`,
      next: sh`dig ${type} ${name}`,
    },
    { cause: error },
  )
}
