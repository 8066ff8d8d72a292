import { linesOf, quoted, trimSpace, words } from './go-text.ts'
import { type Environment, interpolate } from './interpolate.ts'

/** What goose runs of one file. */
export interface GooseFile {
  /** False with `-- +goose NO TRANSACTION`. */
  readonly transaction: boolean
  /** As goose sends them: without the comment and empty lines before each. */
  readonly statements: readonly string[]
  /** Values of the environment belong into them (`-- +goose ENVSUB ON`). */
  readonly envsub: boolean
}

export type Direction = 'up' | 'down'

/** The states of goose's own machine, by its numbers. */
const state = { start: 0, up: 1, beginUp: 2, endUp: 3, down: 4, beginDown: 5, endDown: 6 } as const

const manual = 'see https://github.com/pressly/goose#sql-migrations'
/** A line is read into a buffer of so many bytes, with the end of the line. */
const longest = 4 * 1024 * 1024

interface Asked {
  readonly direction?: Direction
  /** Without it, names of variables stay as they stand. */
  readonly env?: Environment
}

/**
 * Reads a file as goose 3.22.1 does (internal/sqlparser/parser.go), line by line with the same states; held to goose itself over ten thousand odd files.
 * Throws goose's words where it refuses the file.
 */
export const parseGoose = (text: string, { direction = 'up', env }: Asked = {}): GooseFile => {
  const file = { at: state.start as number, transaction: true, substitutes: false, envsub: false, buffer: '', statements: [] as string[] }
  for (const written of linesOf(text)) {
    if (Buffer.byteLength(written) >= longest) throw new Error('failed to scan migration: bufio.Scanner: token too long')
    if (file.at === state.start && trimSpace(written) === '') continue
    const isComment = trimSpace(written).startsWith('--')
    if (isComment && written.includes('+goose') && annotate(file, annotationOf(written), direction)) continue
    if (file.buffer === '' && (isComment || written === '')) continue
    const ended = file.at === state.endUp || file.at === state.endDown
    const line = !ended && file.substitutes ? substituted(written, env) : written
    if (!ended) file.buffer += `${line}\n`
    if (file.at === state.start) throw new Error(`failed to parse migration: unexpected state 0 on line ${quoted(line)}, ${manual}`)
    if (file.at <= state.endUp !== (direction === 'up')) file.buffer = ''
    else if (ended || ((file.at === state.up || file.at === state.down) && endsWithSemicolon(line))) {
      file.statements.push(trimSpace(file.buffer))
      file.buffer = ''
      if (ended) file.at = file.at === state.endUp ? state.up : state.down
    }
  }
  if (file.at === state.start) throw new Error(`failed to parse migration: must start with '-- +goose Up' annotation, ${manual}`)
  if (file.at === state.beginUp || file.at === state.beginDown)
    throw new Error("failed to parse migration: missing '-- +goose StatementEnd' annotation")
  if (trimSpace(file.buffer) !== '') throw unfinished(file, direction)
  return { transaction: file.transaction, statements: file.statements, envsub: file.envsub }
}

interface Reading {
  at: number
  transaction: boolean
  substitutes: boolean
  envsub: boolean
  readonly buffer: string
}

/** Takes an annotation in; false where the line goes on to be read as SQL, which is how a StatementEnd stores what stands before it. */
const annotate = (file: Reading, word: Annotation, direction: Direction): boolean => {
  const { at } = file
  switch (word) {
    case 'Up':
      if (at !== state.start) throw new Error(`duplicate '-- +goose Up' annotations; stateMachine=${at}, ${manual}`)
      file.at = state.up
      return true
    case 'Down':
      if (at !== state.up && at !== state.endUp) throw new Error(`must start with '-- +goose Up' annotation, stateMachine=${at}, ${manual}`)
      if (trimSpace(file.buffer) !== '') throw unfinished(file, direction)
      file.at = state.down
      return true
    case 'StatementBegin':
      if (at === state.up || at === state.endUp) file.at = state.beginUp
      else if (at === state.down || at === state.endDown) file.at = state.beginDown
      else
        throw new Error(
          `'-- +goose StatementBegin' must be defined after '-- +goose Up' or '-- +goose Down' annotation, stateMachine=${at}, ${manual}`,
        )
      return true
    case 'StatementEnd':
      if (at === state.beginUp) file.at = state.endUp
      else if (at === state.beginDown) file.at = state.endDown
      else throw new Error(`'-- +goose StatementEnd' must be defined after '-- +goose StatementBegin', ${manual}`)
      return false
    case 'NO TRANSACTION':
      file.transaction = false
      return true
    default:
      file.substitutes = word === 'ENVSUB ON'
      file.envsub ||= file.substitutes
      return true
  }
}

const annotations = ['Up', 'Down', 'StatementBegin', 'StatementEnd', 'NO TRANSACTION', 'ENVSUB ON', 'ENVSUB OFF'] as const
type Annotation = (typeof annotations)[number]

const annotationOf = (line: string): Annotation => {
  const refuse = (why: string) => new Error(`failed to parse annotation line ${quoted(line)}: ${why}`)
  if (/^[ \t]/.test(line)) throw refuse(`${quoted(line)} contains leading whitespace: invalid annotation`)
  const rest = line.replaceAll('--', '').replace('+goose', '')
  if (rest.includes('+goose')) throw refuse(`${quoted(rest)} contains multiple '+goose' annotations: invalid annotation`)
  const word = trimSpace(rest)
  if (word === '') throw refuse('empty annotation')
  // With /u letters are folded as strings.EqualFold does it: "ſ" is an "s".
  const known = annotations.find((one) => new RegExp(`^${one}$`, 'iu').test(word))
  if (known === undefined) throw refuse(`${quoted(word)} not supported: invalid annotation`)
  return known
}

const substituted = (line: string, env: Environment | undefined): string => {
  if (!env) return line
  try {
    return interpolate(line, env)
  } catch (error) {
    throw new Error(`variable substitution failed: ${error instanceof Error ? error.message : error}:\n${line}`)
  }
}

/** By words: the last one before a word that begins with two dashes. */
const endsWithSemicolon = (line: string): boolean => {
  const all = words(line)
  const comment = all.findIndex((word) => word.startsWith('--'))
  return (comment < 0 ? all.at(-1) : all[comment - 1])?.endsWith(';') ?? false
}

const unfinished = ({ at, buffer }: Reading, direction: Direction): Error =>
  new Error(
    `failed to parse migration: state ${at}, direction: ${direction}: unexpected unfinished SQL query: ${quoted(trimSpace(buffer))}: missing semicolon?`,
  )
