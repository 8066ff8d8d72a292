/** From what matters least to what matters most. */
export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

export type Level = (typeof levels)[number]

export const isAtLeast = (level: Level, least: Level): boolean => levels.indexOf(level) >= levels.indexOf(least)

const names = new Map<string, Level>(
  Object.entries({
    ...{ trace: 'trace', trc: 'trace', finest: 'trace', debug: 'debug', dbg: 'debug', debu: 'debug', verbose: 'debug' },
    ...{ info: 'info', inf: 'info', information: 'info', notice: 'info', log: 'info', ready: 'info', event: 'info', wait: 'info' },
    ...{ warn: 'warn', wrn: 'warn', warning: 'warn', error: 'error', err: 'error', eror: 'error', severe: 'error', fail: 'error' },
    ...{ fatal: 'fatal', ftl: 'fatal', fata: 'fatal', panic: 'fatal', dpanic: 'fatal', pnc: 'fatal', critical: 'fatal', crit: 'fatal' },
    ...{ alert: 'fatal', emerg: 'fatal', emergency: 'fatal' },
  } as const),
)

/** By a word (zap, zerolog, slog with `INFO+2`, Google's severity) or a number (pino and bunyan: 10 to 60). */
export const levelOfValue = (value: unknown): Level | undefined => {
  if (typeof value === 'number') {
    const at = Math.floor(value / 10) - 1
    return value < 10 ? undefined : levels[Math.min(at, levels.length - 1)]
  }
  if (typeof value !== 'string') return undefined
  return names.get(value) ?? names.get(value.toLowerCase().replace(/[+-]\d+$/, ''))
}

const letters: Readonly<Record<string, Level>> = { T: 'trace', D: 'debug', I: 'info', W: 'warn', E: 'error', F: 'fatal', A: 'fatal' }
/** Redis marks what it says: debug, verbose, notice, warning. */
const redis: Readonly<Record<string, Level>> = { '.': 'debug', '-': 'info', '*': 'info', '#': 'warn' }
/** Next.js marks with signs. */
const signs: Readonly<Record<string, Level>> = { '⨯': 'error', '⚠': 'warn', '✓': 'info', '○': 'info', '▲': 'info' }

/** Dates and times as programs put them before what they say, with what stands around them: also `asynq: pid=1 `. */
const times =
  /^(?:asynq: pid=\d+ )?\[?(?:(?:\d{4}[/-]\d\d[/-]\d\d[T ])?\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[AP]M| ?[+-]\d\d:?\d\d)?\]?|\d{4}[/-]\d\d[/-]\d\d)[\s|]*/
const klog = /^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ \S+:\d+\] /
const rails = /^([DIWEFA]), \[\d{4}-\d\d-\d\dT[^\]]*\]\s+[A-Z]+ -- /
const ofRedis = /^\d+:[XCSM] \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d(?:\.\d+)? ([.*#-]) /
/** `[error]`, `ERROR:`, `ERR `, `warn  - `, `error:`: one word that ends there. In small letters only where a sign ends it: "error in …" is a sentence. */
const worded = /^(?:\[([A-Za-z]{3,11})\]|<([A-Za-z]{3,11})>|([A-Za-z]{3,11})(?=:|\s+-\s)|([A-Z]{3,11})(?=\s|$|\|))/
const crash = /^(?:panic: |fatal error: |runtime error: |SIG[A-Z]{3,4}: )/
const thrown = /^(?:Uncaught |Unhandled )?(?:[A-Z][A-Za-z]*)?(?:Error|Exception)\b(?::|$)/
const keyed = /(?:^|\s)(?:level|lvl|severity)="?([A-Za-z]+(?:[+-]\d+)?)"?(?=\s|$)/

/** What a line says of how serious it is, in the ways of zap, zerolog, slog, klog, Go's log, asynq, Redis, Next.js, Rails; undefined where it says nothing. */
export const levelOf = (text: string): Level | undefined => {
  const line = text.slice(0, 400).trimStart()
  const lettered = (klog.exec(line) ?? rails.exec(line))?.[1]
  if (lettered !== undefined) return letters[lettered]
  const marked = ofRedis.exec(line)?.[1]
  if (marked !== undefined) return redis[marked]
  const bare = line.replace(times, '').trimStart()
  const sign = signs[[...bare.slice(0, 2)][0] ?? '']
  if (sign) return sign
  if (crash.test(bare)) return 'fatal'
  const word = worded.exec(bare)?.slice(1).find(Boolean)
  const said = word === undefined ? undefined : names.get(word.toLowerCase())
  if (said) return said
  if (thrown.test(bare)) return 'error'
  return levelOfValue(keyed.exec(line)?.[1])
}

/** A line that goes on with what the one before began: frames of a stack, what is set in. */
export const goesOn = (text: string): boolean =>
  /^(?:\s|goroutine \d+ \[|created by |\w[\w./*()]*\(.*\)$|\}|exit status \d)/.test(text.slice(0, 400))
