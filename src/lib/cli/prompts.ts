import { confirm, input, select } from '@inquirer/prompts'
import type { Choice } from '../plan/choice.ts'

// Prompts stand on standard error, so that a pipe of standard output stays clean.
const context = { output: process.stderr }

/** Asks for a choice that no flag gave. */
export const askChoice = (name: string, choice: Choice<unknown>): Promise<string> => {
  const message = choice.ask ?? name
  return choice.options
    ? select({ message, choices: choice.options.map((value) => ({ value })) }, context)
    : input({ message, validate: (value) => choice.refuse?.(value) ?? true }, context)
}

/** y/N, No by default. */
export const askYes = (): Promise<boolean> => confirm({ message: 'Go on?', default: false }, context)
export const askGate = (message: string): Promise<boolean> => confirm({ message, default: false }, context)
export const askUndo = (): Promise<boolean> => confirm({ message: 'Take back what was done?', default: false }, context)

/** True when exactly this is typed. */
export const typeSubject = async (subject: string): Promise<boolean> =>
  (await input({ message: `Type ${subject} to go on:` }, context)) === subject
