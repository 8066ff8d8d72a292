import { type Account, Trouble, Unreachable } from '../../errors.ts'

/** The parts of the SDK's errors that tell what happened: the HTTP status and Cloudflare's own codes, never the words. */
interface ApiFailure {
  readonly status?: number
  readonly headers?: Headers
  readonly errors?: readonly Notice[]
  readonly cause?: unknown
}

interface Notice {
  readonly code?: number
  readonly message?: string
  readonly error_chain?: readonly Notice[]
}

/** An error and what it comes from: "6003: Invalid request headers (6111: Invalid format for Authorization header)". */
const saidBy = ({ code, message, error_chain: chain = [] }: Notice): string => {
  const deeper = chain.length > 0 ? ` (${chain.map(saidBy).join('; ')})` : ''
  return `${[code, message].filter((one) => one !== undefined).join(': ')}${deeper}`
}

/** Every code of an answer, those that it comes from too. */
const codesOf = (errors: readonly Notice[]): readonly number[] =>
  errors.flatMap(({ code, error_chain: chain = [] }) => [...(code === undefined ? [] : [code]), ...codesOf(chain)])

/** What Cloudflare says of a token, or of the header that carries it, and not of what was asked. */
const ofTheToken = new Set([1000, 1001, 6102, 6103, 6111, 9106, 9107, 9109, 10000, 10001])

/** A record of that name is there already: a CNAME stands alone, and nothing twice. */
const ofRecordsThere = new Set([81053, 81054, 81056, 81057, 81058])

/** True for Cloudflare's own error code among those of an answer. */
export const answeredWith = (error: unknown, code: number): boolean => ((error as ApiFailure).errors ?? []).some((one) => one.code === code)

export const statusOf = (error: unknown): number | undefined => (error as ApiFailure).status

/** What went wrong with a call; `doing` is what was asked, `needs` the permission that it takes. */
export const cloudflareTrouble = (error: unknown, doing: string, needs: string): Trouble => {
  if (error instanceof Trouble) return error
  const { status, headers, errors = [], cause } = error as ApiFailure
  const account = status === undefined ? unanswered(cause ?? error) : answered(status, headers, needs, codesOf(errors))
  // Cloudflare's sentence helps a person, in a report's line too; nothing is decided by it.
  const said = errors.map(saidBy).join('; ')
  return new Unreachable(
    {
      ...account,
      failed: `Cloudflare ${status === undefined ? 'does not answer' : `answered ${status}`} to: ${doing}`,
      ...(said && { cause: `${account.cause}; Cloudflare says ${said}`, details: [`Cloudflare says ${said}`] }),
    },
    { cause: error },
  )
}

const answered = (status: number, headers: Headers | undefined, needs: string, codes: readonly number[]): Omit<Account, 'failed'> => {
  if (status === 401 || (status === 400 && codes.some((code) => ofTheToken.has(code))))
    return {
      code: 'cloudflare-credentials',
      cause: 'the API token is not accepted',
      next: 'make a token in the dashboard: My Profile, API Tokens',
    }
  if (status === 400 && codes.some((code) => ofRecordsThere.has(code)))
    return {
      code: 'cloudflare-record-there',
      cause: 'another record of that name is in the way: a CNAME stands alone, and no record is there twice',
      next: 'look at the records of that name in the dashboard: DNS, Records',
    }
  if (status === 403)
    return {
      code: 'cloudflare-forbidden',
      cause: `the token lacks the permission "${needs}", or was revoked, has expired, or may not be used from this address`,
      next: 'look at the token in the dashboard: My Profile, API Tokens',
    }
  if (status === 429)
    return {
      code: 'cloudflare-busy',
      cause: `too many requests; it asks to wait ${headers?.get('retry-after') ?? 'some'} s`,
      next: 'the same command, later',
    }
  return status >= 500
    ? { code: 'cloudflare-server-error', cause: 'Cloudflare has trouble of its own', next: 'https://www.cloudflarestatus.com' }
    : { code: 'cloudflare-refused', cause: 'the request is not one that Cloudflare takes', next: 'honeydue edge:status' }
}

const unanswered = (cause: unknown): Omit<Account, 'failed'> => {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  const next = 'https://www.cloudflarestatus.com, and this machine: curl -sv https://api.cloudflare.com/client/v4/ips'
  if (code === 'ETIMEDOUT') return { code: 'cloudflare-silent', cause: 'it took too long', next }
  if (/^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO$)/.test(code))
    return {
      code: 'cloudflare-tls',
      cause: `its certificate does not verify (${code}): something on the way, such as a proxy, answers in its place`,
      next,
    }
  if (code === 'EMSGSIZE')
    return { code: 'cloudflare-too-long', cause: 'its answer is longer than any of Cloudflare’s: something else answers there', next }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { code: 'cloudflare-unreachable', cause: 'its name does not resolve', next }
  if (code === 'ECONNREFUSED') return { code: 'cloudflare-unreachable', cause: 'nothing listens there', next }
  return { code: 'cloudflare-unreachable', cause: `the connection was cut${code ? ` (${code})` : ''}`, next }
}

/** An answer without the result that was asked for: the SDK returns null or undefined there and throws nothing. */
export const noResult = (doing: string): Unreachable =>
  new Unreachable({
    code: 'cloudflare-no-result',
    failed: `Cloudflare's answer has no result: ${doing}`,
    cause: "something else answers in the API's place, or its shape has changed",
    next: 'https://www.cloudflarestatus.com',
  })
