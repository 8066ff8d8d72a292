import * as Errors from '@oclif/core/errors'
import { type Account, Blocked, Bug, Trouble, Unreachable, Usage } from '../errors.ts'
import { type Here, typedHere } from './here.ts'
import { isCircular, lookNext } from './look-next.ts'
import { jsonText } from './shown.ts'

/** The JSON document's version: it rises when a field changes its meaning or goes away. */
export const schemaVersion = 1

/** Everything that can be thrown, as the four parts of an error. */
export const troubleOf = (error: unknown, command: string | undefined): Trouble => {
  const help = command ? `honeydue ${command} --help` : 'honeydue --help'
  // Who reads a flag does not know whose it is.
  if (error instanceof Usage && error.next === undefined) return withNext(error, help)
  if (error instanceof Trouble) return command && error.next && isDeadEnd(error, command) ? withNext(error, lookNext(command)) : error
  if (error instanceof Errors.CLIError) return typedWrongly(error, help)
  const thrown = error instanceof Error ? error : new Error(String(error))
  return new Bug(
    {
      code: 'bug',
      failed: `${thrown.name}: ${thrown.message}`,
      state: 'Not known: what was under way may be half done.',
      cause: 'A bug in honeydue',
      next: `${help}   # and report the lines above`,
      details: (thrown.stack ?? '')
        .split('\n')
        .slice(1)
        .map((line) => line.trim()),
    },
    { cause: error },
  )
}

/** What is in the way is not gone by being asked again. */
const isDeadEnd = (error: Trouble, command: string): boolean =>
  (error instanceof Blocked || error instanceof Unreachable) && isCircular(error.next ?? '', command)

const withNext = (error: Trouble, next: string): Trouble => {
  const { code, failed, state, likely, details, cause } = error
  const account = { code, failed, state, details, next, ...(likely !== undefined && { cause: likely }) }
  return new (error.constructor as new (account: Account, options?: ErrorOptions) => Trouble)(account, { cause })
}

const typedWrongly = (error: Errors.CLIError, next: string): Trouble => {
  const lines = error.message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('See more help') && !/^The following errors? occurred/.test(line))
  const [failed = 'The command line cannot be read', ...details] = lines
  return new Usage(
    {
      code: 'usage',
      failed,
      cause: 'The command knows no such flag, value or argument',
      next,
      details,
    },
    { cause: error },
  )
}

/** One JSON document, as a success has one. */
export const failureDocument = (
  trouble: Trouble,
  command: string | undefined,
  {
    exitCode = trouble.exitCode,
    known = {},
    here = {},
  }: { readonly exitCode?: number; readonly known?: object; readonly here?: Here } = {},
): string => {
  const { code, failed, state, likely, details } = trouble
  const next = trouble.next && typedHere(trouble.next, here)
  const error = { code, failed, state, cause: likely, next, details }
  return jsonText({ schemaVersion, command, exitCode, ...known, error })
}

/** What is said, and where, to a word that names no command; its exit code is 127, as a shell's. */
export const unknownCommand = async (
  { unknown, near }: { readonly unknown: string; readonly near?: string },
  words: readonly string[],
): Promise<{ readonly stream: 'stdout' | 'stderr'; readonly text: string }> => {
  const trouble = new Usage({
    code: 'unknown-command',
    failed: `There is no command ${unknown}`,
    cause: unknown.startsWith('-')
      ? "The command's name comes before its flags"
      : near
        ? `${near} may be meant`
        : 'It is spelled otherwise, or comes with another version',
    next: near ? `honeydue ${near} --help` : 'honeydue --help',
  })
  if (words.includes('--json')) return { stream: 'stdout', text: failureDocument(trouble, unknown, { exitCode: 127 }) }
  const { paint, renderTrouble } = await import('./render.ts')
  return { stream: 'stderr', text: renderTrouble(trouble, paint(process.stderr)) }
}
