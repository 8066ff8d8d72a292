import * as Errors from '@oclif/core/errors'

import { type Account, Blocked, Bug, Trouble, Unreachable, Usage } from '../errors.ts'
import { part, sh } from '../shell.ts'
import { nearest } from './command-line.ts'
import { type Here, typedHere } from './here.ts'
import { isCircular, lookNext } from './look-next.ts'

import { jsonText } from './shown.ts'

/** The JSON document's version: it rises when a field changes its meaning or goes away. */
export const schemaVersion = 1

/** Everything that can be thrown, as the four parts of an error. */
export const troubleOf = (error: unknown, command: string | undefined): Trouble => {
  const help = command ? sh`honeydue ${command} --help` : sh`honeydue --help`
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
      next: sh`${part(help)}   # and report the lines above`,
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
      cause: argumentAsFlag(error) ?? nearFlag(error) ?? 'The command knows no such flag, value or argument',
      next,
      details,
    },
    { cause: error },
  )
}

/** `--node hetzner2` of a command that takes NODE as its argument. */
const argumentAsFlag = (error: Errors.CLIError): string | undefined => {
  const { flags = [], parse } = error as { flags?: readonly string[]; parse?: { input?: { args?: object } } }
  const names = Object.keys(parse?.input?.args ?? {}).filter((name) => flags.includes(`--${name}`))
  return names.length === 0 ? undefined : `${names.map((name) => name.toUpperCase()).join(' and ')} is given as it is, without a flag`
}

/** oclif's error knows which flag was not one, and which there are. */
const nearFlag = (error: Errors.CLIError): string | undefined => {
  const { flags, parse } = error as { flags?: readonly string[]; parse?: { input?: { flags?: object } } }
  const near =
    flags?.flatMap(
      (flag) =>
        nearest(
          flag,
          Object.keys(parse?.input?.flags ?? {}).map((name) => `--${name}`),
        ) ?? [],
    ) ?? []
  return near.length === 0 ? undefined : `${near.join(' and ')} may be meant`
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
  const { code, failed, state, likely, details, byHand } = trouble
  const next = trouble.next && typedHere(trouble.next, here)
  const error = { code, failed, state, cause: likely, next, details, ...(byHand.length > 0 && { byHand }) }
  return jsonText({ schemaVersion, command, exitCode, ...known, error })
}
