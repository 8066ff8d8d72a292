import { confirm, input, select } from '@inquirer/prompts'
import type { Choice } from '../plan/choice.ts'
import { Interrupted } from '../plan/errors.ts'

/** The questions that a command may put, all on standard error, so that a pipe of standard output stays clean. Ctrl-C at one is an Interrupted. */
export interface Prompts {
  /** For a choice that no flag gave. */
  readonly choice: (name: string, choice: Choice<unknown>) => Promise<string>
  /** y/N, No by default. */
  readonly yes: (message: string) => Promise<boolean>
  /** True when exactly `subject` is typed. */
  readonly subject: (subject: string) => Promise<boolean>
}

/** `signal` takes a question back (SIGTERM, a lost terminal). */
export const promptsOn = (signal?: AbortSignal): Prompts => {
  const context = { output: process.stderr, ...(signal && { signal }) }
  const answered = async <T>(question: Promise<T>): Promise<T> => {
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
  return {
    choice: (name, choice) => {
      const message = choice.ask ?? name
      return answered(
        choice.options
          ? select({ message, choices: choice.options.map((value) => ({ value })) }, context)
          : input(
              { message, validate: (value) => choice.refuse?.(value) ?? (value.trim() === '' ? 'Something is needed here' : true) },
              context,
            ),
      )
    },
    yes: (message) => answered(confirm({ message, default: false }, context)),
    subject: async (subject) => (await answered(input({ message: `Type ${subject} to go on:` }, context))) === subject,
  }
}
