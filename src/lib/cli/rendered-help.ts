import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { brotliDecompressSync } from 'node:zlib'
import { commandLine, inLongForm } from './command-line.ts'

/** What the build knows of the commands; `narrowest` is the first width in columns that it rendered help for. */
export interface HelpIndex {
  readonly version: string
  readonly bin: string
  readonly narrowest: number
  readonly topics: readonly string[]
  readonly commands: readonly string[]
}

/** Each text of one help with the terminal width from which it holds, narrowest first; coloured. */
export type RenderedHelp = readonly { readonly from: number; readonly text: string }[]

/** What of the process decides how help looks. */
export interface Showing {
  readonly env: NodeJS.ProcessEnv
  readonly stdout: { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: { readonly isTTY?: boolean }
}

/** The text that answers these words without a command, or undefined where oclif itself must answer. */
export const renderedAnswer = (folder: string, typed: readonly string[], showing: Showing): string | undefined => {
  const words = inLongForm(typed)
  if (words.length === 0 || showing.env['DEBUG'] || /windows|wsl|microsoft/i.test(release())) return undefined
  const index = read<HelpIndex>(join(folder, 'index.json.br'))
  if (!index) return undefined
  const agent = `${index.bin}/${index.version} ${process.platform}-${process.arch} node-${process.version}`
  if (words[0] === '--version') return `${agent}\n`
  const line = commandLine(words, index)
  const subject = 'args' in line ? helpSubject(line.args, index) : undefined
  const width = widthOf(showing)
  const coloured = isColoured(words, showing)
  if (subject === undefined || width < index.narrowest || coloured === undefined || agent.length > index.narrowest - 4) return undefined
  const help = ofTopic(folder, subject)
  const text = help?.findLast(({ from }) => from <= width)?.text.replace('%USER_AGENT%', agent)
  return text === undefined || coloured ? text : stripVTControlCharacters(text)
}

const read = <T>(file: string): T | undefined => {
  const text = unpacked(file)
  return text === undefined ? undefined : (JSON.parse(text) as T)
}

/** The commands of a topic are packed together, each on a line behind its name: of the others nothing is read but the line's end. */
const ofTopic = (folder: string, subject: string): RenderedHelp | undefined => {
  const texts = `\n${unpacked(join(folder, 'of', `${subject.split(':')[0] || '-'}.br`)) ?? ''}`
  const at = texts.indexOf(`\n${subject}\t`)
  if (at < 0) return undefined
  const from = at + subject.length + 2
  return JSON.parse(texts.slice(from, texts.indexOf('\n', from))) as RenderedHelp
}

const unpacked = (file: string): string | undefined => {
  try {
    return brotliDecompressSync(readFileSync(file)).toString()
  } catch {
    return undefined
  }
}

/** '' is the whole program, undefined that no help is asked for. A flag before the command hides it, as in oclif. */
const helpSubject = (args: readonly string[], { topics, commands }: HelpIndex): string | undefined => {
  const end = args.indexOf('--')
  const asked = (end < 0 ? args : args.slice(0, end)).includes('--help')
  const [first = ''] = args
  if (!asked) return topics.includes(first) && !commands.includes(first) ? first : undefined
  const subject = args.find((arg) => arg !== '--help') ?? ''
  if (subject.startsWith('-')) return ''
  return subject === '' || topics.includes(subject) || commands.includes(subject) ? subject : undefined
}

const widthOf = ({ env, stdout }: Showing): number => {
  const told = Number.parseInt(env['OCLIF_COLUMNS'] ?? '', 10)
  return told || (stdout.isTTY ? stdout.columns || 80 : 80)
}

/** Undefined where only the libraries that colour oclif's help can tell. */
const isColoured = (words: readonly string[], { env, stdout, stderr }: Showing): boolean | undefined => {
  const { NO_COLOR: none, FORCE_COLOR: force } = env
  if (words.includes('--no-color') || words.includes('--plain')) return false
  if (words.some((word) => /^-{1,2}(no-)?color/.test(word)) || 'TEAMCITY_VERSION' in env) return undefined
  if (none || force === '0' || force === 'false') return false
  if (force !== undefined) return /^[123]$|^true$/.test(force) ? true : undefined
  if (!stdout.isTTY) return false
  return stderr.isTTY && !('CI' in env) && /^(xterm|screen|tmux-256color|rxvt|linux)/.test(env['TERM'] ?? '') ? true : undefined
}
