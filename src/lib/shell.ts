import { Blocked } from './errors.ts'

declare const quotedThroughout: unique symbol

/** A line for a POSIX shell in which every value from outside is quoted: only `sh` makes one. */
export type ShellLine = string & { readonly [quotedThroughout]: true }

/** Several words of a line, each quoted by itself; or a piece of a line that is one already. */
class Piece {
  readonly text: ShellLine
  constructor(text: ShellLine) {
    this.text = text
  }
}

/** What may stand in `${…}` of a line: a value becomes one word, a line within a line (for a shell on another machine) too. */
type Value = string | number | bigint | Piece

/** What a terminal acts on or hides: all of that stands in no line as it is, or what is copied from the screen would be something else. */
const control = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u
const plain = /^(?!=)[\w%+:,./@=-]+$/

/**
 * One word as sh, bash, dash, zsh and fish take it, at a prompt too. A backslash and an exclamation mark stand outside the quotes: fish reads the one within them,
 * and csh the other. Control characters, which a terminal would act upon, are made by printf. Throws Blocked for what no shell can hold.
 */
export const word = (value: string | number | bigint): ShellLine => {
  const text = String(value)
  if (plain.test(text)) return text as ShellLine
  if (control.test(text)) return printed(text)
  return `'${text.replace(/['\\!]/g, (letter) => `'\\${letter}'`)}'` as ShellLine
}

/** `"$(printf 'a\011b')"`: a line break at the end would be lost there. */
const printed = (text: string): ShellLine => {
  if (text.includes('\0') || text.endsWith('\n'))
    throw new Blocked({
      code: 'no-shell-word',
      failed: `${JSON.stringify(text.slice(0, 80))} cannot be written as a word of a shell`,
      cause: text.includes('\0') ? 'It has a zero byte' : 'It ends with a line break',
    })
  // A leading dash would be an option of printf.
  const format = [...text].map((letter, i) =>
    control.test(letter) || /['!]/.test(letter) || (i === 0 && letter === '-') ? octal(letter) : meant(letter),
  )
  return `"$(printf '${format.join('')}')"` as ShellLine
}

const octal = (letter: string): string => [...Buffer.from(letter)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
const meant = (letter: string): string => (letter === '%' ? '%%' : letter === '\\' ? '\\134' : letter)

/** Several values as so many words. */
export const words = (values: readonly (string | number)[]): Piece => new Piece(values.map(word).join(' ') as ShellLine)

/** A piece of a line within another, as it is. */
export const part = (line: ShellLine): Piece => new Piece(line)

/** `` sh`kubectl -n ${namespace} get pods` ``: each value is one word, or joins the word that it touches. */
export const sh = (literals: TemplateStringsArray, ...values: readonly Value[]): ShellLine =>
  literals.reduce((line, literal, i) => {
    const value = values[i - 1] ?? ''
    if (quoteOpenIn(literals.slice(0, i).join('x')) !== '') throw new Error(`a value stands within quotes: ${literals.join('…')}`)
    return `${line}${value instanceof Piece ? value.text : word(value)}${literal}`
  }) as ShellLine

/** The words of a line that `word` made of each; undefined where a shell would do anything but pass them on. */
export const wordsIn = (line: string): readonly string[] | undefined => {
  const quoted = /(?:'[^'\\!]*'|\\['\\!]|[\w%+:,./@=-])+/y
  const words: string[] = []
  for (let at = 0; at < line.length; at = quoted.lastIndex + 1) {
    quoted.lastIndex = at
    const [one] = quoted.exec(line) ?? []
    if (one === undefined || ![undefined, ' '].includes(line[quoted.lastIndex])) return undefined
    words.push(one.replace(/'([^']*)'|\\(.)/g, '$1$2'))
  }
  return words
}

/** For each character of a shell line, the quote it stands in: `'`, `"` or none. */
export const quotingOf = (line: string): readonly string[] => {
  const quotes: string[] = []
  let open = ''
  for (let at = 0; at < line.length; at++) {
    const letter = line[at] ?? ''
    if (letter === '\\' && open !== "'") {
      quotes.push(open, open)
      at++
    } else {
      if (letter === open) open = ''
      else if (open === '' && (letter === "'" || letter === '"')) open = letter
      quotes.push(open)
    }
  }
  return quotes
}

const quoteOpenIn = (text: string): string => quotingOf(text).at(-1) ?? ''

/** A text for people on one line of a script: what would break the line, or act upon a terminal, is shown by its code. */
export const comment = (text: string): ShellLine => `# ${onOneLine(text)}` as ShellLine

const onOneLine = (text: string): string =>
  text.replace(new RegExp(control, 'gu'), (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`)
