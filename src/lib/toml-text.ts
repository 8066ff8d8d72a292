/** Thrown where a text is no TOML, or has what is not read here: strings of several lines. */
class NotRead extends Error {}

type Place = Record<string, unknown>

/** A text that is read from its begin to its end. */
interface Reading {
  readonly text: string
  at: number
}

const isPlace = (value: unknown): value is Place => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What stands here, and nothing where something else does. */
const take = (from: Reading, pattern: RegExp): string | undefined => {
  const sticky = new RegExp(pattern.source, 'y')
  sticky.lastIndex = from.at
  const [found] = sticky.exec(from.text) ?? []
  if (found !== undefined) from.at += found.length
  return found
}

const need = (from: Reading, pattern: RegExp): string => {
  const found = take(from, pattern)
  if (found === undefined) throw new NotRead(`at ${from.at}`)
  return found
}

const blanks = /[ \t]*/
/** Blanks, line ends and comments: between what an array holds, and between lines. */
const between = /(?:\s|#[^\n]*)*/

const stringIn = (from: Reading): string | undefined => {
  if (take(from, /"""|'''/) !== undefined) throw new NotRead('a string of several lines')
  const literal = take(from, /'[^'\n]*'/)
  if (literal !== undefined) return literal.slice(1, -1)
  const basic = take(from, /"(?:[^"\\\n]|\\.)*"/)
  // The escapes that JSON has are TOML's too; of the others no setting has one.
  return basic === undefined ? undefined : String(JSON.parse(basic))
}

const keyIn = (from: Reading): readonly string[] => {
  const parts: string[] = []
  do {
    take(from, blanks)
    parts.push(stringIn(from) ?? need(from, /[\w-]+/))
    take(from, blanks)
  } while (take(from, /\./) !== undefined)
  return parts
}

const valueIn = (from: Reading): unknown => {
  const text = stringIn(from)
  if (text !== undefined) return text
  if (take(from, /\[/) !== undefined) return listIn(from)
  if (take(from, /\{/) !== undefined) return inlineIn(from)
  const word = need(from, /[\w:.+-]+/)
  return word === 'true' || word === 'false' ? word === 'true' : word
}

const listIn = (from: Reading): readonly unknown[] => {
  const values: unknown[] = []
  take(from, between)
  while (take(from, /\]/) === undefined) {
    values.push(valueIn(from))
    take(from, between)
    if (take(from, /,/) === undefined && from.text[from.at] !== ']') throw new NotRead(`at ${from.at}`)
    take(from, between)
  }
  return values
}

const inlineIn = (from: Reading): Place => {
  const place = emptyPlace()
  take(from, blanks)
  while (take(from, /\}/) === undefined) {
    pairIn(from, place)
    take(from, blanks)
    if (take(from, /,/) === undefined && from.text[from.at] !== '}') throw new NotRead(`at ${from.at}`)
    take(from, blanks)
  }
  return place
}

/** A key of others may be called as something that every object has. */
const emptyPlace = (): Place => Object.create(null) as Place

const below = (place: Place, keys: readonly string[]): Place =>
  keys.reduce((here, key) => {
    here[key] ??= emptyPlace()
    const next = here[key]
    const found: unknown = Array.isArray(next) ? next.at(-1) : next
    if (!isPlace(found)) throw new NotRead(key)
    return found
  }, place)

const pairIn = (from: Reading, place: Place): void => {
  const keys = keyIn(from)
  need(from, /=/)
  take(from, blanks)
  below(place, keys.slice(0, -1))[keys.at(-1) ?? ''] = valueIn(from)
}

const tableIn = (from: Reading, whole: Place): Place => {
  const many = take(from, /\[/) !== undefined
  const keys = keyIn(from)
  need(from, many ? /\]\]/ : /\]/)
  if (!many) return below(whole, keys)
  const [parent, last] = [below(whole, keys.slice(0, -1)), keys.at(-1) ?? '']
  const added = emptyPlace()
  const before = parent[last]
  parent[last] = [...(Array.isArray(before) ? before : []), added]
  return added
}

/** What a TOML text says; numbers and dates as they are written. Undefined where it is none, or has a string of several lines. */
export const parseToml = (text: string): unknown => {
  const from = { text, at: 0 }
  const whole = emptyPlace()
  let here = whole
  try {
    for (take(from, between); from.at < text.length; take(from, between)) {
      if (take(from, /\[/) === undefined) pairIn(from, here)
      else here = tableIn(from, whole)
      take(from, blanks)
      need(from, /(?:#[^\n]*)?(?:\r?\n|$)/)
    }
    // Objects as everybody has them.
    return JSON.parse(JSON.stringify(whole))
  } catch {
    return undefined
  }
}
