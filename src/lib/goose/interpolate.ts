import { quoted, trimSpace } from './go-text.ts'

/** A variable's value; undefined where it is not set. */
export type Environment = (name: string) => string | undefined

/** Puts values into a line as goose's library does (github.com/mfridman/interpolate): $NAME, ${NAME}, :-, -, ?, :offset:length. Throws its words. */
export const interpolate = (line: string, env: Environment): string => {
  const reader = readerOf(line)
  return expression(reader, env, '')
}

interface Reader {
  /** U+FFFD stands for the end, as %c prints it. */
  next(): string | undefined
  peek(): string | undefined
  until(stop: (char: string) => boolean): string
  starts(text: string): boolean
  skip(units: number): void
  isLast(): boolean
}

const readerOf = (text: string): Reader => {
  let at = 0
  const peek = () => {
    const point = text.codePointAt(at)
    return point === undefined ? undefined : String.fromCodePoint(point)
  }
  return {
    peek,
    next: () => {
      const char = peek()
      at += char?.length ?? 0
      return char
    },
    until: (stop) => {
      const from = at
      for (let char = peek(); char !== undefined && char !== '\ufffd' && !stop(char); char = peek()) at += char.length
      return text.slice(from, at)
    },
    starts: (other) => text.startsWith(other, at),
    skip: (units) => {
      at += units
    },
    isLast: () => at >= text.length - 1,
  }
}

/** Text and expansions, to the end or to `stop`. Values are looked up at once: an error of the grammar that comes later wins over one of a value, as there. */
const expression = (reader: Reader, env: Environment, stop: string): string => parsed(reader, stop)(env)

type Expand = (env: Environment) => string

const parsed = (reader: Reader, stop: string): Expand => {
  const parts: Expand[] = []
  for (let char = reader.peek(); char !== undefined && char !== stop; char = reader.peek()) {
    const escaped = escapes.find(([from]) => reader.starts(from))
    if (escaped) {
      reader.skip(2)
      parts.push(() => escaped[1])
    } else if (char === '$' && !reader.isLast()) parts.push(expansion(reader))
    else {
      reader.next()
      const text = char + reader.until((one) => one === '$' || one === '\\' || one === stop)
      parts.push(() => text)
    }
  }
  return (env) => parts.map((part) => part(env)).join('')
}

const escapes = [
  ['\\\\', '\\\\'],
  ['\\$', '$'],
  ['$$', '$'],
  ['$(', '$('],
] as const

const expansion = (reader: Reader): Expand => {
  reader.next()
  if (reader.peek() !== '{') {
    const name = identifier(reader)
    return (env) => env(name) ?? ''
  }
  reader.next()
  const name = identifier(reader)
  if (reader.peek() === '}') {
    reader.next()
    return (env) => env(name) ?? ''
  }
  const expand = operation(reader, name)
  const end = reader.next()
  if (end !== '}') throw new Error(`Expected brace expansion to end with }, got ${end ?? '\ufffd'}`)
  return expand
}

const operation = (reader: Reader, name: string): Expand => {
  const sign = reader.next()
  switch (sign) {
    case ':':
      if (reader.peek() !== '-') return substring(reader, name)
      reader.next()
      return (
        (rest) => (env) =>
          env(name) || rest(env)
      )(parsed(reader, '}'))
    case '-':
      return (
        (rest) => (env) =>
          env(name) ?? rest(env)
      )(parsed(reader, '}'))
    case '?':
      return ((rest) => (env) => {
        const value = env(name)
        if (value === undefined) throw new Error(`$${name}: ${rest(env) || 'not set'}`)
        return value
      })(parsed(reader, '}'))
    default:
      throw new Error(`Expected an operator, got ${sign ?? '\ufffd'}`)
  }
}

/** Offsets count bytes. */
const substring = (reader: Reader, name: string): Expand => {
  const offset = integer(
    reader.until((char) => char === ':' || char === '}'),
    'offset',
  )
  if (reader.peek() === '}') return (env) => bytesOf(env(name) ?? '', offset, undefined)
  reader.next()
  const length = integer(
    reader.until((char) => char === '}'),
    'length',
  )
  return (env) => bytesOf(env(name) ?? '', offset, length)
}

const bytesOf = (value: string, offset: number, length: number | undefined): string => {
  const bytes = Buffer.from(value)
  const from = Math.min(Math.max(offset < 0 ? offset + bytes.length : offset, 0), bytes.length)
  if (length === undefined) return bytes.subarray(from).toString()
  const to = length >= 0 ? from + length : Math.max(bytes.length + length, from)
  return bytes.subarray(from, Math.min(to, bytes.length)).toString()
}

const integer = (text: string, what: string): number => {
  const digits = trimSpace(text)
  const refuse = (why: string) => new Error(`Unable to parse ${what}: strconv.Atoi: parsing ${quoted(digits)}: ${why}`)
  if (!/^[+-]?\d+$/.test(digits)) throw refuse('invalid syntax')
  const value = BigInt(digits.replace('+', ''))
  if (BigInt.asIntN(64, value) !== value) throw refuse('value out of range')
  return Number(value)
}

const identifier = (reader: Reader): string => {
  const first = reader.peek() ?? '\ufffd'
  if (!/^\p{L}$/u.test(first)) throw new Error(`Expected identifier to start with a letter, got ${first}`)
  return reader.until((char) => !/^[\p{L}\p{N}_]$/u.test(char))
}
