import { Failed, Moved, type Trouble, Unreachable } from '../../errors.ts'

/** What the API server said no with; `message` is its own sentence where it sent one. */
export const statusTrouble = (status: number, message: string, what: string, server: string): Unreachable => {
  const known: Readonly<Record<number, readonly [string, string, string]>> = {
    401: ['kube-credentials', 'the certificate or token is not accepted, or has expired', 'honeydue kubeconfig:renew'],
    403: ['kube-forbidden', 'this user has no right to it', 'kubectl auth whoami'],
    429: ['kube-busy', 'the API server is overloaded', 'honeydue nodes:status'],
  }
  const [code, cause, next] = known[status] ?? [
    status >= 500 ? 'kube-server-error' : 'kube-refused',
    'the API server is not well, or something else answers in its place',
    'honeydue nodes:status',
  ]
  return new Unreachable({ code, failed: `${server} answered ${status} to ${what}`, cause: message || cause, next })
}

/** What a write was refused with: Moved where the object is not as it was planned on, Failed where the server finds the object wrong. */
export const writeTrouble = (status: number, object: object | undefined, what: string, server: string): Trouble => {
  const { message = '', details } = (object ?? {}) as { readonly message?: string; readonly details?: { readonly causes?: unknown } }
  const budget = refusedByBudget(details?.causes)
  if (status === 429 && budget !== undefined) return new Failed({ code: overBudget, failed: `${what} was refused`, cause: budget })
  // A JSON Patch whose test fails is a 422 without causes; one with causes is an object that does not validate.
  if (status === 404 || status === 409 || (status === 422 && details?.causes === undefined)) {
    return new Moved({
      code: 'kube-moved',
      failed: `${what} was refused: the object is not as it was planned on`,
      // Of a test that fails, the server says no more than that our request was wrong.
      cause: (status !== 422 && message) || 'Somebody else changed it meanwhile',
      next: 'the same command with --dry-run shows how it is now',
    })
  }
  if (status === 400 || status === 422) return new Failed({ code: 'kube-invalid', failed: `${server} refused ${what}`, cause: message })
  return statusTrouble(status, message, what, server)
}

/** The code of a Failed: a budget has nothing left for the pod that was to be evicted. */
export const overBudget = 'kube-budget'

/** The budget's own sentence, where one refused an eviction; any other 429 is a server that has too much to do. */
const refusedByBudget = (causes: unknown): string | undefined =>
  Array.isArray(causes)
    ? causes.flatMap(({ reason, message }: { readonly reason?: unknown; readonly message?: unknown }) =>
        reason === 'DisruptionBudget' ? [String(message ?? reason)] : [],
      )[0]
    : undefined

/** Words a failed connection by its system code. What is known already (no kubeconfig, no credentials) stays as it is. */
export const connectionTrouble = (error: unknown, server: string): Unreachable => {
  if (error instanceof Unreachable) return error
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const [name, cause] =
    causes[code] ??
    (code.startsWith('ERR_TLS') || /CERT|SELF_SIGNED/.test(code)
      ? ['kube-tls', `the certificate was refused (${code})`]
      : ['kube-unreachable', error instanceof Error ? error.message : String(error)])
  return new Unreachable(
    { code: name, failed: `The Kubernetes API at ${server} cannot be reached`, cause, next: 'honeydue doctor' },
    { cause: error },
  )
}

const causes: Readonly<Record<string, readonly [string, string]>> = {
  ECONNREFUSED: ['kube-unreachable', 'nothing listens there: k3s is down, or this is another machine'],
  ECONNRESET: ['kube-unreachable', 'the connection was cut'],
  ENOTFOUND: ['kube-unreachable', 'its name does not resolve'],
  EAI_AGAIN: ['kube-unreachable', 'its name does not resolve now'],
  ETIMEDOUT: ['kube-silent', 'it did not answer in time'],
  ESLOW: ['kube-silent', 'it began to answer, and did not come to an end in time'],
}
