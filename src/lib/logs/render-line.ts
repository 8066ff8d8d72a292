import type { ChalkInstance } from 'chalk'
import { jsonLine, shown } from '../cli/shown.ts'
import type { FeedLine } from './feed.ts'
import type { Level } from './level.ts'
import type { Said } from './record.ts'
import type { Source } from './sources.ts'

/** One line as it is told. */
export interface Told {
  readonly line: FeedLine
  readonly said: Said
}

/** So many characters of one line are shown. */
const most = 8192
/** A tab is a blank to whoever reads, and to a terminal. */
const untabbed = (text: string): string => (text.includes('\t') ? text.replaceAll('\t', '    ') : text)

/** So many lines of one value, such as a stack. */
const mostWithin = 40

export type AliasOf = (hostname: string) => string

const paints = (chalk: ChalkInstance): Readonly<Record<Level, (text: string) => string>> => ({
  trace: chalk.dim,
  debug: chalk.dim,
  info: chalk.green,
  warn: chalk.yellow,
  error: chalk.red,
  fatal: chalk.red.bold,
})

const placeOf = ({ pod, container, node, oneOfMany, previous }: Source, aliasOf: AliasOf): string =>
  `${pod}${oneOfMany ? `/${container}` : ''}@${node === '' ? 'no node' : aliasOf(node)}${previous ? ' (before its restart)' : ''}`

const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',')

/** As much of a text as is shown, with a word of how much is not. */
const inBrief = (text: string, more: number): { readonly text: string; readonly cut: boolean } => {
  if (text.length <= most && more === 0) return { text, cut: false }
  const kept = text.slice(0, most)
  return { text: `${kept} … ${grouped(Buffer.byteLength(text.slice(most)) + more)} more bytes`, cut: true }
}

const asWord = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return typeof value !== 'string' || /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)
}

/** Times of today by the hour, others with their day; UTC. */
export const lineWriter = (chalk: ChalkInstance, { today, aliasOf }: { readonly today: string; readonly aliasOf: AliasOf }) => {
  const colours = paints(chalk)
  const prefixes = new Map<Source, string>()
  const prefixOf = (source: Source): string => {
    const known = prefixes.get(source)
    if (known !== undefined) return known
    const made = chalk.cyan(shown(placeOf(source, aliasOf)))
    prefixes.set(source, made)
    return made
  }
  return ({ line, said }: Told): { readonly text: string; readonly cut: boolean } => {
    const time = line.at.startsWith(today) ? line.at.slice(11, 23) : `${line.at.slice(0, 10)} ${line.at.slice(11, 23)}`
    const broken: (readonly [string, unknown])[] = []
    let whole = said.message
    for (const field of said.fields) {
      const [name, value] = field
      if (typeof value === 'string' && value.includes('\n')) broken.push(field)
      else whole += `${whole === '' ? '' : ' '}${name}=${asWord(value)}`
    }
    const { text, cut } = inBrief(whole, line.more)
    const level = said.level === undefined ? '' : `${colours[said.level](said.level.toUpperCase().padEnd(5))} `
    const stacks = broken.flatMap(([name, value]) => {
      const lines = String(value).trimEnd().split('\n')
      const kept = lines.slice(0, mostWithin).map((one) => `    | ${shown(untabbed(one.slice(0, most)))}`)
      const left = lines.length > mostWithin ? [`    | … ${lines.length - mostWithin} more lines`] : []
      return [`    | ${shown(name)}:`, ...kept, ...left]
    })
    const told = `${chalk.dim(time)} ${prefixOf(line.source)} ${level}${shown(untabbed(text))}`
    return { text: stacks.length === 0 ? told : [told, ...stacks].join('\n'), cut }
  }
}

/** The same as a record for programs, on one line. */
export const recordOf = ({ line, said }: Told): string => {
  const { namespace, pod, node, container, kind, previous } = line.source
  return jsonLine({
    time: `${line.at}Z`,
    namespace,
    pod,
    node,
    container,
    kind,
    previous,
    level: said.level ?? null,
    message: said.message,
    ...(said.fields.length > 0 && { fields: Object.fromEntries(said.fields) }),
    ...(line.more > 0 && { cutBytes: line.more }),
  })
}
