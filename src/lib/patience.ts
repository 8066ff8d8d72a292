import type { Duration } from './clock.ts'

/** How long one look at the world waits for one system in all its questions together: each may come in time, and all of them never. */
export interface Patience {
  /** What is left of it. */
  readonly left: () => Duration
  /** What the work comes to. Where the patience ends first, `drop` gives up what was asked, and `ended` is thrown; nothing is begun after that. */
  readonly wait: <T>(work: () => Promise<T>, ending: { readonly ended: () => Error; readonly drop: () => void }) => Promise<T>
}

/** `quick`: what is answered so soon was not waited for, however often it is asked: a pass over a million keys is work, and no silence. */
export const patienceOf = (limit: Duration, quick: Duration = 0): Patience => {
  let waiting = 0
  let began = 0
  let spent = 0
  // A timer may fire a moment before its time by another clock: what has ended has ended.
  let over = false
  const now = (): Duration => (waiting > 0 ? performance.now() - began : 0)
  const left = (): Duration => (over ? 0 : limit - spent - now())
  const begin = (): void => {
    if (waiting++ === 0) began = performance.now()
  }
  const end = (): void => {
    const waited = now()
    if (--waiting === 0 && waited > quick) spent += waited
  }
  return {
    left,
    wait: async (work, { ended, drop }) => {
      if (left() <= 0) throw ended()
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
          over = true
          reject(ended())
          drop()
        }, left())
      })
      begin()
      try {
        return await Promise.race([work(), late])
      } finally {
        clearTimeout(timer)
        end()
      }
    },
  }
}
