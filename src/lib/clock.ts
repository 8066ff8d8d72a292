/** Where time comes from; tests pass their own. */
export interface Clock {
  now(): Date
  /** Resolves after `ms`, rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The machine's own clock: the only place, with `cli/` and the sandbox, that reads it. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }, ms)
      const stop = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', stop, { once: true })
    }),
}

/** What the work came to, or undefined where it took longer than so many milliseconds. */
export const atMost = async <T>(clock: Clock, within: Duration, work: Promise<T>): Promise<T | undefined> => {
  const ended = new AbortController()
  const late = clock.sleep(within, ended.signal).then(
    () => undefined,
    () => undefined,
  )
  return Promise.race([work, late]).finally(() => ended.abort(null))
}

/**
 * A signal that ends after so many milliseconds, as that of AbortSignal.timeout, and comes whatever becomes of it: Node 20 collects a timeout that stands
 * in AbortSignal.any alone, and who waits for it waits for ever. It keeps no process alive.
 */
export const endAfter = (within: Duration): AbortSignal => {
  const over = new AbortController()
  setTimeout(() => over.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')), within).unref()
  return over.signal
}

/** The end of something, at the latest after `within` ms or with one of the signals, where there are any. It hangs no listener on them, however many are made of one. */
export const limited = (
  within: Duration,
  ...given: readonly (AbortSignal | undefined)[]
): { readonly signal: AbortSignal; readonly isOver: () => boolean } => {
  const limit = endAfter(within)
  const signals = given.filter((signal) => signal !== undefined)
  return { signal: AbortSignal.any([limit, ...signals]), isOver: () => limit.aborted && !signals.some(({ aborted }) => aborted) }
}

/** Milliseconds. */
export type Duration = number

export const seconds = (n: number): Duration => n * 1000
export const minutes = (n: number): Duration => n * 60_000
