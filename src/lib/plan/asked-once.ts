import { lasting } from '../shared-answer.ts'

/**
 * The same reader for one look at the deployment: each of these questions is asked once, with the same words, however many parts of the look ask it, and all are told the same.
 * What failed is asked again. Questions that open a stream, wait, or follow what changes are not for it.
 */
export const askedOnce = <R extends object>(reader: R, questions: readonly (keyof R & string)[]): R =>
  questions.length === 0
    ? reader
    : {
        ...reader,
        ...Object.fromEntries(
          questions.map((question) => [question, lasting(reader[question] as (...words: readonly unknown[]) => Promise<unknown>)]),
        ),
      }
