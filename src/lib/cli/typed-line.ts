import type { Choice } from '../plan/choice.ts'
import { type ShellLine, sh, words } from '../shell.ts'
import { severalOf } from './flags.ts'

/** The line that an operator types for a command, its words quoted where a shell needs it. */
export const typedLine = (id: string, given: readonly string[]): ShellLine =>
  given.length === 0 ? sh`honeydue ${id}` : sh`honeydue ${id} ${words(given)}`

/** The words that would have given this answer. */
export const wordsOf = (name: string, choice: Choice<unknown>, answer: string): readonly string[] =>
  choice.kind === 'argument' ? [answer] : (choice.kind === 'texts' ? severalOf(answer) : [answer]).flatMap((value) => [`--${name}`, value])
