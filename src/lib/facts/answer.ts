import { Trouble } from '../errors.ts'

/** What was asked for, or why it was not to be had. */
export type Answer<T> = { readonly answered: true; readonly value: T } | { readonly answered: false; readonly error: unknown }

/** The value or the error, never a rejection: what does not answer takes nothing else with it. */
export const answer = <T>(asked: Promise<T>): Promise<Answer<T>> =>
  asked.then(
    (value) => ({ answered: true, value }),
    (error: unknown) => ({ answered: false, error }),
  )

/** The value, or what stands for it where there was no answer. */
export const valueOr = <T>(given: Answer<T>, otherwise: T): T => (given.answered ? given.value : otherwise)

/** The stable code of what kept the answer away; '' where there is an answer, or the error has none. */
export const codeOf = (given: Answer<unknown>): string => (!given.answered && given.error instanceof Trouble ? given.error.code : '')
