type Asking<A extends readonly unknown[], T> = (...asked: A) => Promise<T>

/** Whoever asks the same while it is being asked shares the answer; what comes later is asked anew. */
export const sharing = <A extends readonly unknown[], T>(ask: Asking<A, T>): Asking<A, T> => {
  const asking = new Map<string, Promise<T>>()
  return (...asked) => {
    const key = JSON.stringify(asked)
    const answer = asking.get(key) ?? ask(...asked).finally(() => asking.delete(key))
    asking.set(key, answer)
    return answer
  }
}

/** What is asked with the same words is asked once, and again only after a failure. */
export const lasting = <A extends readonly unknown[], T>(ask: Asking<A, T>): Asking<A, T> => {
  const answers = new Map<string, Promise<T>>()
  return (...asked) => {
    const key = JSON.stringify(asked)
    const known = answers.get(key)
    if (known) return known
    const answer = ask(...asked)
    answers.set(key, answer)
    answer.catch(() => answers.delete(key))
    return answer
  }
}
