/** One entry of `errors` or `messages` of Cloudflare's envelope. */
export interface Notice {
  readonly code: number
  readonly message: string
  readonly error_chain?: readonly Notice[]
}

export interface PageInfo {
  readonly page: number
  readonly per_page: number
  readonly count: number
  readonly total_count: number
  readonly total_pages: number
}

/** What a call of the API comes to: `success: true` with a result, and perhaps the page it is. */
export interface Answer {
  readonly result: unknown
  readonly info?: PageInfo
  readonly messages?: readonly Notice[]
}

/** A call that the API refuses; it becomes the envelope with `success: false`. */
export class Refusal extends Error {
  readonly status: number
  readonly errors: readonly Notice[]
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, errors: readonly Notice[], headers: Readonly<Record<string, string>> = {}) {
    super(errors.map(({ message }) => message).join('; '))
    this.status = status
    this.errors = errors
    this.headers = headers
  }
}

export const refuse = (status: number, code: number, message: string, headers: Readonly<Record<string, string>> = {}): Refusal =>
  new Refusal(status, [{ code, message }], headers)

/** The client's own limit: 1200 requests in five minutes (ch13 does not reach it; tests do). */
export const tooMany = (seconds: number): Refusal =>
  refuse(429, 971, 'Please wait and consider throttling your request speed', { 'retry-after': String(seconds) })

export const noRoute = (path: string): Refusal =>
  new Refusal(404, [
    { code: 7003, message: `Could not route to ${path}, perhaps your object identifier is invalid?` },
    { code: 7000, message: 'No route for that URI' },
  ])

/** `page` and `per_page` of a list; beyond the last page it is empty, and `total_pages` says so only to those who read it. */
export function paged<T>(all: readonly T[], query: URLSearchParams, usual: number, most: number): Answer {
  const page = wholeNumber(query.get('page'), 1, Number.MAX_SAFE_INTEGER)
  const size = wholeNumber(query.get('per_page'), usual, most)
  const result = all.slice((page - 1) * size, page * size)
  return {
    result,
    info: { page, per_page: size, count: result.length, total_count: all.length, total_pages: Math.max(1, Math.ceil(all.length / size)) },
  }
}

function wholeNumber(text: string | null, usual: number, most: number): number {
  if (text === null) return usual
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw refuse(400, 6003, `Invalid request: page and per_page are whole numbers, per_page at most ${most}`)
  return value
}
