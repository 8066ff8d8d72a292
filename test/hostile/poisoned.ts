import { ServerResponse } from 'node:http'

/** Shows in each of so many rounds another part of all fields: together they are every field that an API gives. */
export const rounds = 6

/** Which round a field is hostile in: by its place, without numbers and names of things. */
const roundOf = (place: string): number => [...place].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 7) % rounds

const poisoned = (value: unknown, place: string, round: number, text: string): unknown => {
  if (typeof value === 'string') return roundOf(place) === round ? `${value}${text}` : value
  if (Array.isArray(value)) return value.map((one) => poisoned(one, `${place}[]`, round, text))
  if (typeof value !== 'object' || value === null) return value
  // The data of Secrets is decoded: what is hostile in it would be no text but no key.
  if ('kind' in value && value.kind === 'Secret') return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, poisoned(one, `${place}.${key}`, round, text)]))
}

const parsed = (chunk: unknown): unknown => {
  if (typeof chunk !== 'string' && !Buffer.isBuffer(chunk)) return undefined
  const body = String(chunk)
  if (!/^\s*[{[]/.test(body)) return undefined
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/**
 * From now on every JSON document that a server of this process answers has the text behind each of its strings whose place is of this round.
 * Returns what ends it.
 */
export const poisonAnswers = (round: number, text: string): (() => void) => {
  const { end, write, writeHead } = ServerResponse.prototype
  const hostile = (chunk: unknown): unknown => {
    const value = parsed(chunk)
    return value === undefined ? chunk : `${JSON.stringify(poisoned(value, '', round, text))}\n`
  }
  ServerResponse.prototype.writeHead = function (this: ServerResponse, status: number, ...rest: unknown[]) {
    // It is another length now.
    const headers = rest.at(-1)
    if (typeof headers === 'object' && headers !== null && !Array.isArray(headers))
      for (const name of Object.keys(headers))
        if (name.toLowerCase() === 'content-length') delete (headers as Record<string, unknown>)[name]
    this.removeHeader('content-length')
    return (writeHead as (...args: unknown[]) => ServerResponse).call(this, status, ...rest)
  } as typeof writeHead
  ServerResponse.prototype.write = function (this: ServerResponse, chunk: unknown, ...rest: unknown[]) {
    return (write as (...args: unknown[]) => boolean).call(this, hostile(chunk), ...rest)
  } as typeof write
  ServerResponse.prototype.end = function (this: ServerResponse, chunk?: unknown, ...rest: unknown[]) {
    if (!this.headersSent) this.removeHeader('content-length')
    return (end as (...args: unknown[]) => ServerResponse).call(this, hostile(chunk), ...rest)
  } as typeof end
  return () => Object.assign(ServerResponse.prototype, { end, write, writeHead })
}
