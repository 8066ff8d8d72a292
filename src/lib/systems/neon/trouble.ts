import { type Account, Unreachable } from '../../errors.ts'
import { httpTrouble } from '../http/trouble.ts'

const status = 'https://neonstatus.com'

/** No answer, by the code of Node or OpenSSL. */
export const unanswered = (error: unknown, url: URL, timeoutMs: number, doing: string): Unreachable => {
  const { code, likely } = httpTrouble(error, url, timeoutMs)
  const own = code === 'http-tls' || code === 'http-silent' ? code.replace('http', 'neon') : 'neon-unreachable'
  const cause = likely === undefined ? {} : { cause: likely }
  return new Unreachable({ code: own, failed: `Neon does not answer to: ${doing}`, ...cause, next: status }, { cause: error })
}

/** A refusal, by its status and Neon's own code. */
export const refused = (answered: number, body: unknown, doing: string): Unreachable => {
  const { code = '', message = '' } = (body ?? {}) as { readonly code?: string; readonly message?: string }
  const account = limits.has(code) ? limit : (kinds[answered] ?? (answered >= 500 ? ownTrouble : unknown))
  // Neon's sentence helps a person; nothing is decided by it.
  const said = [code, message].filter((one) => typeof one === 'string' && one !== '').join(': ')
  return new Unreachable({
    ...account,
    failed: `Neon answered ${answered} to: ${doing}`,
    cause: `${account.cause}${said && `; Neon says ${said}`}`,
  })
}

/** An answer of another shape than the API's. */
export const noResult = (doing: string): Unreachable =>
  new Unreachable({
    code: 'neon-no-result',
    failed: `Neon's answer has no result: ${doing}`,
    cause: "something else answers in the API's place, or its shape has changed",
    next: status,
  })

type Kind = Omit<Account, 'failed'> & { readonly cause: string }

const limits = new Set(['BRANCHES_LIMIT_EXCEEDED', 'ROOT_BRANCHES_LIMIT_EXCEEDED'])
const limit: Kind = {
  code: 'neon-limit',
  cause: "the project has as many branches as its plan allows, or Neon's plan does not allow this",
  next: 'delete a restore point that nobody needs: Neon’s console, Branches (honeydue db:status lists them)',
}
const ownTrouble: Kind = { code: 'neon-server-error', cause: 'Neon has trouble of its own', next: status }
const unknown: Kind = { code: 'neon-refused', cause: 'the request is not one that Neon takes', next: status }

const kinds: Readonly<Record<number, Kind>> = {
  401: {
    code: 'neon-credentials',
    cause: 'the API key is not accepted: it was revoked, or is not one of Neon’s',
    next: 'make a key in Neon’s console: Account settings, API keys',
  },
  403: { code: 'neon-forbidden', cause: 'the API key may not do this', next: 'make a key in Neon’s console: Account settings, API keys' },
  404: {
    code: 'neon-not-found',
    cause: 'the API key sees no such project or branch: neon.project is another id, or the key is of another account',
    next: 'honeydue config:explain',
  },
  409: { code: 'neon-exists', cause: 'there is a branch of that name already', next: 'honeydue db:status' },
  422: limit,
  423: { code: 'neon-busy', cause: 'another operation runs in the project, and only one may', next: 'the same command, in a minute' },
  429: { code: 'neon-too-many', cause: 'too many requests', next: 'the same command, in a minute' },
}
