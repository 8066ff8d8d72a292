import { confirm, input, search, select } from '@inquirer/prompts'
import { Interrupted } from '../errors.ts'
import type { Choice } from '../plan/choice.ts'
import type { Offer } from '../plan/procedure.ts'
import { severalOf } from './flags.ts'

/** One line of a search. */
export interface Found {
  readonly value: string
  readonly name: string
  readonly description: string
}

/** The questions that a command may put, all on standard error, so that a pipe of standard output stays clean. Ctrl-C at one is an Interrupted. */
export interface Prompts {
  /** For a choice that no flag gave; `offers` are what the environment has to choose from. */
  readonly choice: (name: string, choice: Choice<unknown>, offers?: readonly Offer[]) => Promise<string>
  /** One of what `source` finds for the words typed so far; each is a line, and a description of the one under the cursor. */
  readonly find: (message: string, source: (words: string) => readonly Found[]) => Promise<string>
  /** y/N, No by default. */
  readonly yes: (message: string, signal?: AbortSignal) => Promise<boolean>
  /** True when exactly `subject` is typed. */
  readonly subject: (subject: string, signal?: AbortSignal) => Promise<boolean>
}

/** `looking` takes a question back (SIGTERM, a lost terminal); while something is being changed, the signal that comes with the question does. */
export const promptsOn = (looking?: AbortSignal): Prompts => {
  const on = (signal = looking) => ({ output: process.stderr, ...(signal && { signal }) })
  const context = on()
  const answered = async <T>(question: Promise<T>, signal = looking): Promise<T> => {
    try {
      return await question
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      // ExitPromptError: Ctrl-C, or an input that ended.
      if (error instanceof Error && error.name === 'ExitPromptError')
        throw new Interrupted({ code: 'interrupted', failed: 'Stopped at the question' })
      throw error
    }
  }
  const write = (message: string, { kind, refuse }: Choice<unknown>) => {
    const validate = (answer: string) => {
      const values = kind === 'texts' ? severalOf(answer) : [answer.trim()].filter(Boolean)
      return values.length === 0 ? 'Something is needed here' : (values.map((value) => refuse?.(value)).find(Boolean) ?? true)
    }
    return input({ message, validate }, context)
  }
  const choose = async (message: string, choice: Choice<unknown>, offers: readonly Offer[]): Promise<string> => {
    if (offers.length === 0 && choice.options) return select({ message, choices: choice.options.map((value) => ({ value })) }, context)
    if (offers.length === 0) return write(message, choice)
    const width = Math.max(...offers.map(({ value }) => value.length))
    const offered = offers.map(({ value, about }) => ({ value, name: `${value.padEnd(width)}  ${about}`, short: value }))
    const other = choice.options ? [] : [{ value: undefined, name: 'another', short: 'another' }]
    return (await select<string | undefined>({ message, choices: [...offered, ...other] }, context)) ?? write(message, choice)
  }
  return {
    choice: (name, choice, offers = []) => answered(choose(choice.ask ?? name, choice, offers)),
    find: (message, source) =>
      answered(
        search({ message, source: (words = '') => source(words).map((one) => ({ ...one, short: one.value })), pageSize: 12 }, context),
      ),
    yes: (message, signal) => answered(confirm({ message, default: false }, on(signal)), signal),
    subject: async (subject, signal) =>
      (await answered(input({ message: `Type ${subject} to go on:` }, on(signal)), signal)).trim() === subject,
  }
}
