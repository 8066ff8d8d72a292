/** What a command answers; strings are binary (one character a byte). */
export type Reply =
  | string
  | number
  | null
  | readonly Reply[]
  | { readonly status: string }
  | { readonly error: string }
  | { readonly map: readonly (readonly [Reply, Reply])[] }
  | { readonly double: number }
  | { readonly set: readonly string[] }
  /** Members with scores: flat in RESP2, pairs in RESP3. */
  | { readonly scored: readonly (readonly [string, number])[] }
  | { readonly nothing: 'array' }

export const ok: Reply = { status: 'OK' }
export const queued: Reply = { status: 'QUEUED' }
/** EXEC's answer when a watched key has changed. */
export const nullArray: Reply = { nothing: 'array' }
export const refuse = (error: string): Reply => ({ error })

export type Protocol = 2 | 3

/** Bytes that are not RESP: the server says so once and hangs up. */
export class ProtocolError extends Error {}

const maxBulk = 512 * 1024 * 1024
const maxArguments = 1024 * 1024
const maxInline = 64 * 1024

const lineEnd = (bytes: Buffer, from: number): number => bytes.indexOf('\r\n', from, 'latin1')

const integer = (text: string): number => (/^-?\d+$/.test(text) ? Number(text) : Number.NaN)

/** Words of an inline command, with quotes as redis-cli writes them; undefined when a quote stays open. */
const words = (line: string): string[] | undefined => {
  const found: string[] = []
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"']+))(?=\s|$)/y
  while (pattern.lastIndex < line.trimEnd().length) {
    const match = pattern.exec(line)
    if (!match) return undefined
    found.push((match[1] ?? match[2])?.replace(/\\(.)/g, '$1') ?? match[3] ?? '')
  }
  return found
}

type Parsed = { readonly command: string[]; readonly next: number } | undefined

const parseArray = (bytes: Buffer, start: number): Parsed => {
  const headEnd = lineEnd(bytes, start)
  if (headEnd < 0) {
    if (bytes.length - start > maxInline) throw new ProtocolError('too big mbulk count string')
    return undefined
  }
  const count = integer(bytes.toString('latin1', start + 1, headEnd))
  if (Number.isNaN(count) || count > maxArguments) throw new ProtocolError('invalid multibulk length')
  const command: string[] = []
  let at = headEnd + 2
  for (let i = 0; i < count; i++) {
    if (at >= bytes.length) return undefined
    if (bytes[at] !== 0x24) throw new ProtocolError(`expected '$', got '${String.fromCharCode(bytes[at] ?? 0)}'`)
    const end = lineEnd(bytes, at)
    if (end < 0) {
      if (bytes.length - at > maxInline) throw new ProtocolError('too big bulk count string')
      return undefined
    }
    const length = integer(bytes.toString('latin1', at + 1, end))
    if (Number.isNaN(length) || length < 0 || length > maxBulk) throw new ProtocolError('invalid bulk length')
    if (bytes.length < end + 2 + length + 2) return undefined
    command.push(bytes.toString('latin1', end + 2, end + 2 + length))
    at = end + 2 + length + 2
  }
  return { command, next: at }
}

const parseInline = (bytes: Buffer, start: number): Parsed => {
  const end = bytes.indexOf(0x0a, start)
  if (end < 0) {
    if (bytes.length - start > maxInline) throw new ProtocolError('too big inline request')
    return undefined
  }
  const command = words(bytes.toString('latin1', start, end).replace(/\r$/, ''))
  if (!command) throw new ProtocolError('unbalanced quotes in request')
  return { command, next: end + 1 }
}

/** Turns chunks as they arrive into whole commands; throws a ProtocolError for what is not RESP. */
export const createDecoder = () => {
  let rest: Buffer = Buffer.alloc(0)
  return function* push(chunk: Buffer): Generator<readonly string[]> {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    try {
      while (at < rest.length) {
        const parsed = rest[at] === 0x2a ? parseArray(rest, at) : parseInline(rest, at)
        if (!parsed) return
        at = parsed.next
        if (parsed.command.length > 0) yield parsed.command
      }
    } finally {
      rest = rest.subarray(at)
    }
  }
}

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`

const isList = (reply: object): reply is readonly Reply[] => Array.isArray(reply)

/** A reply on the wire, as a binary string. */
export const encode = (reply: Reply, protocol: Protocol): string => {
  if (reply === null) return protocol === 3 ? '_\r\n' : '$-1\r\n'
  if (typeof reply === 'number') return `:${reply}\r\n`
  if (typeof reply === 'string') return bulk(reply)
  if (isList(reply)) return `*${reply.length}\r\n${reply.map((item) => encode(item, protocol)).join('')}`
  if ('status' in reply) return `+${reply.status}\r\n`
  if ('error' in reply) return `-${reply.error.replace(/[\r\n]/g, ' ')}\r\n`
  if ('double' in reply) return protocol === 3 ? `,${scoreText(reply.double)}\r\n` : bulk(scoreText(reply.double))
  if ('nothing' in reply) return protocol === 3 ? '_\r\n' : '*-1\r\n'
  if ('set' in reply) return `${protocol === 3 ? '~' : '*'}${reply.set.length}\r\n${reply.set.map(bulk).join('')}`
  if ('scored' in reply) {
    const pairs = reply.scored.map(([member, score]): readonly [Reply, Reply] => [member, { double: score }])
    return encode(protocol === 3 ? pairs : pairs.flat(), protocol)
  }
  const head = protocol === 3 ? `%${reply.map.length}\r\n` : `*${reply.map.length * 2}\r\n`
  return head + reply.map.map(([key, value]) => encode(key, protocol) + encode(value, protocol)).join('')
}

/** A sorted set's score as Redis prints it. */
const scoreText = (score: number): string =>
  score === Number.POSITIVE_INFINITY ? 'inf' : score === Number.NEGATIVE_INFINITY ? '-inf' : String(score)
