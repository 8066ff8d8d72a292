/**
 * The same reader for one look at the deployment: each of these questions is asked once, with the same words, however many parts of the look ask it, and all are told the same.
 * What failed is asked again. Questions that open a stream, wait, or follow what changes are not for it.
 */
export const askedOnce = <R extends object>(reader: R, questions: readonly (keyof R & string)[]): R => {
  if (questions.length === 0) return reader
  const answers = new Map<string, Promise<unknown>>()
  const once = (question: keyof R & string) => {
    const ask = reader[question] as (...words: unknown[]) => Promise<unknown>
    return (...words: unknown[]): Promise<unknown> => {
      const key = JSON.stringify([question, words])
      const known = answers.get(key)
      if (known) return known
      const answer = ask(...words)
      answers.set(key, answer)
      answer.catch(() => answers.delete(key))
      return answer
    }
  }
  return { ...reader, ...Object.fromEntries(questions.map((question) => [question, once(question)])) }
}
