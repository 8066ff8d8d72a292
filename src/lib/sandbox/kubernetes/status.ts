/** One reason why an object is refused, as `details.causes` names it. */
export interface Cause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

interface Details {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly Partial<Cause>[]
  readonly retryAfterSeconds?: number
}

/** A failure that is no Status: plain words, from what stands before the API. */
export class PlainError extends Error {
  override readonly name = 'PlainError'
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message)
  }
}

/** A failure as the API server says it: the HTTP code, the reason that clients classify by, the sentence that people read. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  /** What the client is told beside it. */
  warnings: readonly string[] = []
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly details?: Details,
  ) {
    super(message)
  }

  body(): Record<string, unknown> {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    }
  }
}

interface Named {
  readonly group: string
  readonly resource: string
}

interface Kinded {
  readonly group: string
  readonly kind: string
}

const qualified = ({ group, resource }: Named): string => (group === '' ? resource : `${resource}.${group}`)
const detailsOf = ({ group, resource }: Named, name?: string): Details => ({
  ...(name === undefined || name === '' ? {} : { name }),
  ...(group === '' ? {} : { group }),
  kind: resource,
})

export const badRequest = (message: string) => new StatusError(400, 'BadRequest', message)
/** What the server has no class for: 500 with the bare words of whatever failed. */
export const unclassified = (message: string) => new StatusError(500, '', message)
export const unauthorized = () => new StatusError(401, 'Unauthorized', 'Unauthorized')
export const notFound = (resource: Named, name: string) =>
  new StatusError(404, 'NotFound', `${qualified(resource)} "${name}" not found`, detailsOf(resource, name))
export const rejected = () => new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
export const noSuchResource = () => new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
export const methodNotAllowed = () =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
export const alreadyExists = (resource: Named, name: string) =>
  new StatusError(409, 'AlreadyExists', `${qualified(resource)} "${name}" already exists`, detailsOf(resource, name))
export const conflict = (resource: Named, name: string, because: string) =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${because}`,
    detailsOf(resource, name),
  )
export const modified = (resource: Named, name: string) =>
  conflict(resource, name, 'the object has been modified; please apply your changes to the latest version and try again')
export const expired = (message: string) => new StatusError(410, 'Expired', message)
export const forbidden = (resource: Named, name: string | undefined, because: string) =>
  new StatusError(403, 'Forbidden', `${qualified(resource)}${name ? ` "${name}"` : ''} is forbidden: ${because}`, detailsOf(resource, name))

/** 422 with every cause; several are listed in brackets, each as "field: message". */
export function invalid({ group, kind }: Kinded, name: string, causes: readonly Cause[]): StatusError {
  const lines = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))]
  const list = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`
  return new StatusError(422, 'Invalid', `${group === '' ? kind : `${kind}.${group}`} "${name}" is invalid: ${list}`, {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    ...(kind === '' ? {} : { kind }),
    causes,
  })
}

/** How Go prints a value inside a validation message. */
const shown = (value: unknown): string =>
  typeof value === 'string'
    ? JSON.stringify(value)
    : typeof value === 'object' && value !== null
      ? JSON.stringify(value)
      : String(value ?? 'null')

export const required = (field: string, detail = ''): Cause => ({
  reason: 'FieldValueRequired',
  message: `Required value${detail && `: ${detail}`}`,
  field,
})
export const invalidValue = (field: string, value: unknown, detail: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${shown(value)}: ${detail}`,
  field,
})
export const forbiddenValue = (field: string, detail: string): Cause => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${detail}`,
  field,
})
export const duplicate = (field: string, value: unknown): Cause => ({
  reason: 'FieldValueDuplicate',
  message: `Duplicate value: ${shown(value)}`,
  field,
})
export const unsupported = (field: string, value: unknown, supported: readonly string[]): Cause => ({
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: ${shown(value)}: supported values: ${supported.map((s) => JSON.stringify(s)).join(', ')}`,
  field,
})
