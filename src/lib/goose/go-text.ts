/** What Go takes for white space: other code points than JavaScript's \s, which has U+FEFF and lacks U+0085. */
const space = '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const outer = new RegExp(`^[${space}]+|[${space}]+$`, 'g')
const between = new RegExp(`[${space}]+`)

/** strings.TrimSpace */
export const trimSpace = (text: string): string => text.replace(outer, '')

/** bufio.ScanWords */
export const words = (text: string): readonly string[] => text.split(between).filter((word) => word !== '')

const named: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
}

/** strconv.Quote, which is %q of a string */
export const quoted = (text: string): string => `"${[...text].map(quotedPoint).join('')}"`

const quotedPoint = (char: string): string => {
  const known = named[char]
  if (known !== undefined) return known
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char)) return char
  const point = char.codePointAt(0) ?? 0
  if (point < 0x80) return `\\x${point.toString(16).padStart(2, '0')}`
  return point > 0xffff ? `\\U${point.toString(16).padStart(8, '0')}` : `\\u${point.toString(16).padStart(4, '0')}`
}

/** The lines of bufio.Scanner: a carriage return before the line feed goes, an empty rest after the last one is no line. */
export const linesOf = (text: string): readonly string[] => {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
}
