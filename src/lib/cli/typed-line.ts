import type { Choice } from '../plan/choice.ts'
import { severalOf } from './flags.ts'

/** A word as a shell takes it. */
export const quoted = (word: string): string => (/^[\w@%+=:,./§-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

/** The line that an operator types for a command, its words quoted where a shell needs it. */
export const typedLine = (id: string, words: readonly string[]): string => ['honeydue', id, ...words].map(quoted).join(' ')

/** The words that would have given this answer. */
export const wordsOf = (name: string, choice: Choice<unknown>, answer: string): readonly string[] =>
  choice.kind === 'argument' ? [answer] : (choice.kind === 'texts' ? severalOf(answer) : [answer]).flatMap((value) => [`--${name}`, value])
