import { part, type ShellLine, sh } from './shell.ts'

/** Where one value stands: a whole file, or a line of one. */
export interface ValuePlace {
  readonly file: string
  readonly in: 'file' | 'yaml' | 'env'
  /** From 1; a whole file has none. */
  readonly line?: number
  /** What is put before and after it where it is kept. */
  readonly around?: readonly [before: string, after: string]
}

/** Of a line the text behind its key, without what ends a plain scalar and the quotes of another: as sed does it. */
const behind: Readonly<Record<'yaml' | 'env', readonly [RegExp, string, string][]>> = {
  yaml: [
    [/^[^:]*:[ \t]*/, '', 's/^[^:]*:[[:space:]]*//'],
    [/^([^"' \t#][^#]*[^ \t#])[ \t]+#.*$/, '$1', '/^["\']/!s/[[:space:]][[:space:]]*#.*$//'],
  ],
  env: [[/^[^=]*=/, '', 's/^[^=]*=//']],
}
const bare: readonly [RegExp, string, string][] = [
  [/^[ \t]+|[ \t\r]+$/g, '', 's/[[:space:]]*$//'],
  [/^"([^"]*)"$/, '$1', 's/^"\\([^"]*\\)"$/\\1/'],
  [/^'([^']*)'$/, '$1', "s/^'\\([^']*\\)'$/\\1/"],
]

/** Whether the shell line below reads this value from the file: what is quoted, escaped or broken otherwise, it would read wrong. */
export const isReadPlainly = (text: string, { in: kind, line = 0 }: ValuePlace, value: string): boolean => {
  if (kind === 'file') return value !== '' && !/[\r\n]$/.test(value)
  const said = text.split('\n')[line - 1] ?? ''
  return value !== '' && [...behind[kind], ...bare].reduce((left, [from, to]) => left.replace(from, to), said) === value
}

/** Prints what stands at a place, in base64; `$(…)` leaves out the line break at the end. The value passes from program to program, and stands in no list of processes. */
export const placeInBase64 = ({ file, in: kind, line = 0, around: [before, after] = ['', ''] }: ValuePlace): ShellLine => {
  const taken =
    kind === 'file'
      ? sh`cat ${file}`
      : [...behind[kind], ...bare].reduce((all, [, , script]) => sh`${part(all)} -e ${script}`, sh`sed -n -e ${`${line}!d`}`)
  const read = kind === 'file' ? taken : sh`${part(taken)} -e p ${file}`
  return before === '' && after === ''
    ? sh`text=$(${part(read)}); printf %s "$text" | openssl base64 -A`
    : sh`text=$(${part(read)}); { printf %s ${before}; printf %s "$text"; printf %s ${after}; } | openssl base64 -A`
}
