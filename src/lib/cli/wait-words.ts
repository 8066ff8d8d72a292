import { age } from '../age.ts'
import type { Duration } from '../clock.ts'

const inWords = (ms: Duration): string => (ms >= 120_000 ? age(ms / 1000) : ms >= 1000 ? `${Math.round(ms / 1000)} s` : 'less than 1 s')

/** Slower than usual is what takes half as long again, and at least five seconds longer. */
const isSlow = (elapsed: Duration, usual: Duration): boolean => elapsed > Math.max(usual * 1.5, usual + 5000)

/** What a wait waits for, for how long by now, how long at most, and how long it usually takes: `2 of 3 pods are ready (12 s, usually 40 s, 5 min at most)`. */
export const waitWords = (
  because: string,
  { elapsed, usual, within }: { readonly elapsed: Duration; readonly usual?: Duration | undefined; readonly within?: Duration | undefined },
): string => {
  const parts = [
    elapsed >= 1000 ? inWords(elapsed) : '',
    usual === undefined ? '' : isSlow(elapsed, usual) ? `slower than usual: ${inWords(usual)}` : `usually ${inWords(usual)}`,
    within === undefined ? '' : `${inWords(within)} at most`,
  ].filter(Boolean)
  return parts.length === 0 ? because : `${because} (${parts.join(', ')})`
}
