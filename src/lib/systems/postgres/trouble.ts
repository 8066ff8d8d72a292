import { type Account, Failed, Trouble, Unreachable } from '../../errors.ts'
import type { PostgresTarget } from './types.ts'

/** Where something went wrong: while logging in, everything that the server says is a refusal; afterwards only what ends the session is. */
export interface During {
  readonly login?: boolean
  /** Milliseconds after which it was given up. */
  readonly timeout?: number
}

/** What went wrong, classified by the code of Node, OpenSSL or PostgreSQL; the server's own words stand in the cause. */
export const troubleOf = (error: unknown, target: PostgresTarget, { login = false, timeout = 0 }: During = {}): Trouble => {
  if (error instanceof Trouble) return error
  const code = codeOf(error)
  const options = { cause: error }
  if (isServers(error)) {
    const words = `"${wordsOf(error)}" (${code})`
    if (login || isFatal(error) || ending.test(code)) return new Unreachable(refusal(code, words, target, login), options)
    if (code === '55P03')
      return new Failed(
        {
          code: 'postgres-lock-timeout',
          failed: 'A lock was not granted in time',
          cause: `Another session holds it: ${words}`,
          next: 'honeydue db:locks',
        },
        options,
      )
    return new Failed({ code: `postgres-${code.toLowerCase()}`, failed: `${target.host} refused a statement`, cause: words }, options)
  }
  return new Unreachable(unanswered(code, error, target, timeout), options)
}

/** No answer of a server. */
const unanswered = (code: string, error: unknown, { host, port }: PostgresTarget, timeout: number): Account => {
  const failed = `${host} does not answer`
  const next = 'honeydue db:status'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return {
      code: 'postgres-no-such-host',
      failed: `The name ${host} does not resolve`,
      cause: `DNS does not answer, or the endpoint was deleted (${code})`,
      next,
    }
  if (code === 'ECONNREFUSED') return { code: 'postgres-refused', failed, cause: `Nothing listens on its port ${port}`, next }
  if (code === 'ETIMEDOUT')
    return {
      code: 'postgres-silent',
      failed,
      cause: `No answer within ${timeout / 1000} s: the compute may be waking, or the way there is blocked`,
      next,
    }
  if (tlsCodes.test(code))
    return {
      code: 'postgres-tls',
      failed: `The certificate of ${host} does not verify`,
      cause: `${code}: another server answers on that address, or its authority is not known here`,
      next: 'honeydue config:explain',
    }
  const words = [wordsOf(error), code === '' ? '' : `(${code})`].filter(Boolean).join(' ')
  return { code: 'postgres-lost', failed: `The connection to ${host} ended`, cause: words || 'The server closed it', next }
}

/** The server ends or refuses the session. A code that stands for several things is quoted, and nothing is guessed from it. */
const refusal = (code: string, words: string, { host, user, database }: PostgresTarget, login: boolean): Account => {
  const who = `${host} refuses the login of ${user}`
  if (code === '28P01')
    return {
      code: 'postgres-password',
      failed: who,
      cause: `${words}: the password in the live Secret is not the one of the role`,
      next: 'honeydue secrets:status',
    }
  if (code === '3D000')
    return {
      code: 'postgres-no-database',
      failed: `${host} has no database "${database}"`,
      cause: `${words}: the name is case-sensitive, honeyDue, not honeydue`,
      next: 'honeydue config:explain',
    }
  if (code === '53300')
    return { code: 'postgres-full', failed: `${host} takes no further connection`, cause: words, next: 'honeydue db:connections' }
  if (code.startsWith('57P'))
    return {
      code: 'postgres-not-now',
      failed: login ? `${host} takes no connections at the moment` : `${host} ended the session`,
      cause: `${words}: it starts, stops, or somebody ended the session; this passes`,
      next: 'honeydue db:status',
    }
  const console = host.endsWith('.neon.tech') ? "Neon's console, https://console.neon.tech: the endpoint, the quota, the role" : undefined
  return {
    code: 'postgres-login-refused',
    failed: login ? who : `${host} ended the session`,
    cause: words,
    // A pooler that cannot reach its server says so itself, and the other endpoint may answer.
    next: code === '08P01' ? 'honeydue db:status' : (console ?? 'honeydue config:explain'),
  }
}

/** PostgreSQL's own: some of Node's codes have five letters too. */
export const isServers = (error: unknown): boolean => error instanceof Error && 'severity' in error && /^[0-9A-Z]{5}$/.test(codeOf(error))

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '')
const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 400)
const isFatal = (error: unknown): boolean =>
  error instanceof Error && 'severity' in error && (error.severity === 'FATAL' || error.severity === 'PANIC')

/** Connection exceptions and what an operator did to the server. */
const ending = /^(08|57P)/
const tlsCodes = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH)/
