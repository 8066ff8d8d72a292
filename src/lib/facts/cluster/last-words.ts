import { stripVTControlCharacters } from 'node:util'

/** So many lines of a log are read for its last words: a stack is rarely longer. */
export const lastWordsTail = 60

/** Names what ended a program, in the words of Go, Python, Java, Node, Ruby, PHP, .NET, Rust, C++ and Elixir. */
const deadly: readonly RegExp[] = [
  /^\s*panic: /,
  /\bfatal error: /i,
  /\bfatal: /i,
  /^\s*Caused by: /,
  /^\s*\[cause\]: /,
  /^\s*---> /,
  /^Exception in thread "/,
  /^(Uncaught|Unhandled) /i,
  /^[\s|]*(?:[\w$]+[.:]+)*(?:[A-Z][\w$]*)?(?:Error|Exception|Failure|Fault)(?: \[\w+\])?: /,
  /\((?:\w+::)*\w+(?:Error|Exception)\)$/,
  /^thread '.*' panicked at /,
  /^\s*what\(\): /,
  /^\*\* \(\w/,
]

/** A line of the level error or worse, by the forms that loggers give it. */
const erring: readonly RegExp[] = [
  /\b(?:ERROR|FATAL|CRITICAL|SEVERE|PANIC|CRIT|EMERG)\b/,
  /\b(?:level|lvl|severity)="?(?:error|fatal|panic|critical|crit|dpanic)\b/i,
  /\[(?:error|fatal|crit|emerg|alert)\]/i,
  /^[EF]\d{4} \d\d:/,
  /^(?:npm ERR!|npm error) (?!A complete log|\s*\/)/,
  /^error[: ]/i,
  /^\s*[\w.$]*(?:Error|Exception)$/,
  /\bpanic serving \S+: /,
  /\baddress already in use\b/i,
  /: (?:unknown command|command not found)\b/i,
]

/** What comes after the words: frames, brackets, source with its caret, how the program ended, the version of its runtime. */
const noise: readonly RegExp[] = [
  /^[\s{}()[\];,.^~|'"`*=_-]*$/,
  /^\s*at .+/,
  /^\s*\.\.\. \d+ (?:more|common frames omitted)/,
  /^\s*File ".*", line \d+/,
  /^\s+\S+\.go:\d+(?: \+0x[\da-f]+)?$/,
  /^goroutine \d+ \[/,
  /^\[signal /,
  /^created by /,
  /^[\w.*/()-]+\((?:0x|\.\.\.|\{|\)|[^ ]*0x)/,
  /^\s*from .+:\d+:in /,
  /^#\d+ /,
  /^\s+thrown in /,
  /^Traceback \(most recent call last\)/,
  /^(?:exit status|exited with|error Command failed with exit code|Process exited) /i,
  /^Node\.js v\d/,
  /^\(Background on this error at: /,
  /^note: run with /,
  /^npm (?:ERR!|error) (?:A complete log|\s*\/)/,
  /^[\s|]*\+[-+ ]+[\d-]*/,
  /^(?:\s{2,}|\t)\S/,
]

interface Said {
  readonly text: string
  /** 3 what ended it, 2 an error, 1 anything that says something, 0 noise. */
  readonly rank: number
}

const words = new Set(['error', 'err', 'fatal', 'panic', 'dpanic', 'critical', 'crit', 'severe', 'emerg', 'alert'])
const isGrave = (level: unknown): boolean => (typeof level === 'number' ? level >= 50 : words.has(String(level).toLowerCase()))

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'object' && value !== null && 'message' in value ? textOf(value.message) : ''

/** A log line that is a JSON object: its message and its error, at its level (words, or numbers as bunyan and pino have them). */
const structured = (line: string): Said | undefined => {
  if (!line.startsWith('{') || !line.endsWith('}')) return undefined
  try {
    const one = JSON.parse(line) as Readonly<Record<string, unknown>>
    const parts = [one.msg ?? one.message ?? one['@m'], one.error ?? one.err ?? one.exception ?? one['@x']].map(textOf)
    const text = [...new Set(parts.flatMap((part) => part.split('\n')[0]?.trim() || []))].join(': ')
    return { text: text || line, rank: isGrave(one.level ?? one.lvl ?? one.severity ?? one['@l']) ? 2 : 1 }
  } catch {
    return undefined
  }
}

/** Forms are looked for in the beginning of a line: a dump of a megabyte names nothing at its end. */
const looked = 2000

/** What a terminal would show of a line that was written over itself: the last that says something. */
const atLast = (raw: string): string => (raw.includes('\r') ? (raw.split('\r').findLast((one) => one.trim() !== '') ?? '') : raw)

const said = (raw: string): Said => {
  const whole = stripVTControlCharacters(atLast(raw)).trimEnd()
  const parsed = structured(whole.trim())
  if (parsed) return parsed
  const text = whole.trim()
  const line = whole.slice(0, looked)
  if (ofJava.test(line)) return { text, rank: 0 }
  if (deadly.some((form) => form.test(line))) return { text, rank: 3 }
  if (noise.some((form) => form.test(line))) return { text, rank: 0 }
  return { text, rank: erring.some((form) => form.test(line)) ? 2 : 1 }
}

/** What Java says after it has said why. */
const ofJava = /^Error: (?:Could not create the Java Virtual Machine|A fatal exception has occurred)/

/** Redis says that its configuration is wrong, where it stands, and in the last line what is wrong. */
const banner = /^\*\*\* FATAL CONFIG FILE ERROR/

/** Of the last lines of a log the one that names the error; the last that says anything where none does, and undefined where all are blank. */
export const lastWords = (lines: readonly string[]): string | undefined => {
  const all = lines.map(said).filter(({ text }) => text !== '')
  const worst = Math.max(...all.map(({ rank }) => rank))
  const index = all.findLastIndex(({ rank }) => rank === worst)
  const found = all[index]
  // Rust says where on the first line, and what on the second; others say of what, and then what.
  const after = all[index + 1]
  const goesOn =
    /:$/.test(found?.text ?? '') && (/^thread '.*' panicked at /.test(found?.text ?? '') || (worst > 1 && (after?.rank ?? 0) > 0))
  const next = goesOn ? after : banner.test(found?.text ?? '') ? all.at(-1) : undefined
  return next ? `${found?.text} ${next.text}` : found?.text
}
