/** Whoever asks the same while it is being asked shares the answer; what comes later is asked anew. */
export const sharing = <A extends readonly (string | undefined)[], T>(ask: (...asked: A) => Promise<T>): ((...asked: A) => Promise<T>) => {
  const asking = new Map<string, Promise<T>>()
  return (...asked) => {
    const key = JSON.stringify(asked)
    const answer = asking.get(key) ?? ask(...asked).finally(() => asking.delete(key))
    asking.set(key, answer)
    return answer
  }
}
