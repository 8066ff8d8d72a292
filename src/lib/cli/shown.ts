/** What a terminal acts on or hides instead of showing it: controls, direction marks, joiners, halves of a pair, line separators. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** What most lines consist of, and which nothing is to be done with. */
const isPlain = /^[ -~]*$/

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const escaped = (sign: string): string => {
  const point = sign.codePointAt(0) ?? 0
  const hex = point.toString(16)
  return named[sign] ?? (point < 0x100 ? `\\x${hex.padStart(2, '0')}` : point < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`)
}

/**
 * One line of what the world said, as a terminal may have it: `\x1b` and `\u202e` are seen and not obeyed, a line break is `\n`.
 * Whatever comes from outside passes here before it is styled; what is styled never does.
 */
export const shown = (text: string): string => (isPlain.test(text) ? text : text.replace(unseen, escaped))

/** The same for text of several lines, such as shell lines: its own line breaks stay. */
export const shownLines = (text: string): string => text.split('\n').map(shown).join('\n')

/** As `shown`, but of an endless text its two ends: causes stand at the end of messages, so the middle is left out. */
export const shownInBrief = (text: string, most = 1500): string => {
  if (text.length <= most) return shown(text)
  const half = Math.floor(most / 2)
  return `${shown(text.slice(0, half))} … ${text.length - 2 * half} characters … ${shown(text.slice(-half))}`
}

/** A JSON document in which nothing is left that a terminal acts on: JSON itself leaves C1, DEL and direction marks as they are. */
export const jsonText = (document: object): string => harmless(JSON.stringify(document, undefined, 2))

/** The same on one line, for records that come one after the other. */
export const jsonLine = (record: object): string => harmless(JSON.stringify(record))

const harmless = (json: string): string =>
  json.replace(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (sign) =>
    [...Array(sign.length).keys()].map((at) => `\\u${sign.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  )
