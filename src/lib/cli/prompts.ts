import { confirm, input, password, search, select } from '@inquirer/prompts'
import { age } from '../age.ts'
import { type Duration, endAfter, minutes, seconds } from '../clock.ts'
import { Declined, Interrupted } from '../errors.ts'
import type { Choice } from '../plan/choice.ts'
import type { Offer } from '../plan/procedure.ts'
import { Secret } from '../secret.ts'
import { severalOf } from './flags.ts'
import { shown, shownLines } from './shown.ts'
import { columnsOf } from './wrap.ts'

/** One line of a search. */
export interface Found {
  readonly value: string
  readonly name: string
  readonly description: string
}

/** Keys that show something instead of answering; the question is put again. */
export type Shows = Readonly<Record<string, { readonly about: string; readonly show: () => void | Promise<void> }>>

/** The questions that a command may put, all on standard error, so that a pipe of standard output stays clean. Ctrl-C at one is an Interrupted. */
export interface Prompts {
  /** For a choice that no flag gave; `offers` are what the environment has to choose from. */
  readonly choice: (name: string, choice: Choice<unknown>, offers?: readonly Offer[]) => Promise<string>
  /** One of what `source` finds for the words typed so far; each is a line, and a description of the one under the cursor. */
  readonly find: (message: string, source: (words: string) => readonly Found[]) => Promise<string>
  /** A value that is not shown, not even by its length. */
  readonly hidden: (message: string) => Promise<Secret>
  /** y/N, No by default. */
  readonly yes: (message: string, signal?: AbortSignal, shows?: Shows) => Promise<boolean>
  /** True when exactly `subject` is typed. */
  readonly subject: (subject: string, signal?: AbortSignal, shows?: Shows) => Promise<boolean>
}

type Context = NonNullable<Parameters<typeof confirm>[1]>

export interface PromptOptions {
  /** Takes a question back (SIGTERM, a lost terminal); while something is being changed, the signal that comes with the question does. */
  readonly looking?: AbortSignal | undefined
  /** Stands before every question: which deployment it is about. */
  readonly mark?: string
  /** How long a question waits: what it was asked on does not hold for ever. */
  readonly patience?: Duration
  /** Where keys come from and questions stand; standard input and standard error by themselves. */
  readonly input?: NodeJS.ReadableStream
  readonly output?: NodeJS.WritableStream
}

/** How long a question waits: ten minutes, or less where HONEYDUE_PROMPT_LIMIT says so, in seconds. */
export const promptLimit = ({ HONEYDUE_PROMPT_LIMIT: asked = '' }: NodeJS.ProcessEnv): Duration => {
  const longest = minutes(10)
  return /^[1-9]\d*$/.test(asked) ? Math.min(longest, seconds(Number(asked))) : longest
}

export const promptsOn = ({ looking, mark, patience = minutes(10), input: keys, output = process.stderr }: PromptOptions = {}): Prompts => {
  const asked = (message: string) => (mark === undefined ? shown(message) : `${mark} ${shown(message)}`)
  /** Puts a question that the signal, or its time, takes back. */
  const put = async <T>(question: (context: Context) => Promise<T>, signal = looking): Promise<T> => {
    const expiry = endAfter(patience)
    const ends = AbortSignal.any(signal ? [signal, expiry] : [expiry])
    try {
      return await question({ output, signal: ends, ...(keys && { input: keys }) })
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (expiry.aborted) throw expired(patience)
      // ExitPromptError: Ctrl-C, or an input that ended.
      if (error instanceof Error && error.name === 'ExitPromptError')
        throw new Interrupted({ code: 'interrupted', failed: 'Stopped at the question' })
      throw error
    }
  }
  const write = (message: string, { kind, refuse }: Choice<unknown>, context: Context) => {
    const validate = (answer: string) => {
      const values = kind === 'texts' ? severalOf(answer) : [answer.trim()].filter(Boolean)
      return values.length === 0 ? 'Something is needed here' : (values.map((value) => refuse?.(value)).find(Boolean) ?? true)
    }
    return input({ message, validate }, context)
  }
  const choose = async (message: string, choice: Choice<unknown>, offers: readonly Offer[], context: Context): Promise<string> => {
    if (offers.length === 0 && choice.options) return select({ message, choices: choice.options.map((value) => ({ value })) }, context)
    if (offers.length === 0) return write(message, choice, context)
    const width = Math.max(...offers.map(({ value }) => columnsOf(shown(value))))
    const padded = (value: string) => value + ' '.repeat(width - columnsOf(value))
    const offered = offers.map(({ value, about }) => ({ value, name: `${padded(shown(value))}  ${shown(about)}`, short: shown(value) }))
    const other = choice.options || choice.kind === 'argument' ? [] : [{ value: undefined, name: 'another', short: 'another' }]
    return (await select<string | undefined>({ message, choices: [...offered, ...other] }, context)) ?? write(message, choice, context)
  }
  /** What was typed that is no key of `shows`. */
  const typed = async (message: string, signal: AbortSignal | undefined, shows: Shows): Promise<string> => {
    for (;;) {
      const answer = (await put((context) => input({ message: asked(message) }, context), signal)).trim()
      const chosen = Object.hasOwn(shows, answer) ? shows[answer] : undefined
      if (!chosen) return answer
      await chosen.show()
    }
  }
  return {
    choice: (name, choice, offers = []) => put((context) => choose(asked(choice.ask ?? name), choice, offers, context)),
    find: (message, source) =>
      put((context) => search({ message, source: (words = '') => source(words).map(foundLine), pageSize: 12 }, context)),
    hidden: async (message) =>
      new Secret((await put((context) => password({ message: asked(message), mask: false, validate: isSomething }, context))).trim()),
    yes: async (message, signal, shows) => {
      if (!shows) return put((context) => confirm({ message: asked(message), default: false }, context), signal)
      return /^y(es)?$/i.test(await typed(`${message} (y/N; ${keysOf(shows)})`, signal, shows))
    },
    subject: async (subject, signal, shows = {}) => {
      if (Object.keys(shows).length > 0) output.write(`${keysOf(shows)}\n`)
      return shown(await typed(`Type ${subject} to go on:`, signal, shows)) === shown(subject)
    },
  }
}

const isSomething = (answer: string) => answer.trim() !== '' || 'Something is needed here'

const keysOf = (shows: Shows): string =>
  Object.entries(shows)
    .map(([key, { about }]) => `${key} ${about}`)
    .join(', ')

const foundLine = ({ value, name, description }: Found) => ({
  value,
  name: shown(name),
  description: shownLines(description),
  short: shown(value),
})

const expired = (patience: Duration): Declined =>
  new Declined({
    code: 'prompt-expired',
    failed: `Nobody answered for ${age(patience / 1000)}`,
    cause: 'What was shown before the question may have changed since',
  })
