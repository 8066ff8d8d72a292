import { type Level, levelOf, levelOfValue } from './level.ts'

/** What a line says, taken apart where it is JSON. */
export interface Said {
  readonly level: Level | undefined
  readonly message: string
  /** What a JSON line has beside its level, message and time. */
  readonly fields: readonly (readonly [name: string, value: unknown])[]
}

const levelNames = ['level', 'severity', 'lvl', 'log.level', '@level', 'levelname']
const messageNames = ['msg', 'message', '@message', 'event', 'error', 'err']
/** The time before the line is the container's own. */
const timeNames = new Set(['ts', 'time', 'timestamp', '@timestamp', 'T'])

/** Colours are no part of what is said. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a style begins with one.
const styles = /\u001B\[[0-9;]*m/g

/** Takes one line apart: JSON of zap, zerolog, slog, pino and their like; of every other line its level. `hide` is put over each value and over the rest. */
export const saidIn = (line: string, hide: (text: string, name?: string) => string): Said => {
  const plain = line.includes('\u001B') ? line.replace(styles, '') : line
  const json = objectIn(plain)
  if (!json) {
    const message = hide(plain)
    return { level: levelOf(message), message, fields: [] }
  }
  const level = levelNames.find((name) => levelOfValue(json[name]) !== undefined)
  const message = messageNames.find((name) => typeof json[name] === 'string' && json[name] !== '')
  const fields = Object.entries(json)
    .filter(([name]) => name !== level && name !== message && !timeNames.has(name))
    .map(([name, value]) => [name, hidden(value, name, hide)] as const)
  return {
    level: level === undefined ? undefined : levelOfValue(json[level]),
    message: message === undefined ? '' : hide(String(json[message])),
    fields,
  }
}

const objectIn = (line: string): Readonly<Record<string, unknown>> | undefined => {
  if (!line.startsWith('{') || !line.trimEnd().endsWith('}')) return undefined
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
}

const hidden = (value: unknown, name: string, hide: (text: string, name?: string) => string): unknown => {
  if (typeof value === 'string') return hide(value, name)
  if (typeof value === 'number' || typeof value === 'bigint') return hide(String(value), name) === String(value) ? value : hide('', name)
  if (Array.isArray(value)) return value.map((one) => hidden(one, name, hide))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [hide(key), hidden(one, key, hide)]))
}
