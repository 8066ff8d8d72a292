import type { Clock, Duration } from '../clock.ts'
import type { Name, Readers } from '../systems/systems.ts'
import type { Watching } from './procedure.ts'

/** Between two looks, however much is told: what changes in one moment is seen at once. */
const breath = 50
/** While a watch stands, the clock asks this seldom: a watch may be silent because it is dead. */
const whileWatched = 5000

/** The pauses between looks: cut short by what a step's watch tells. Without a watch, and where it fails or ends, by the clock alone. */
export const watchOf = <N extends Name>(
  { watching }: { readonly watching?: Watching<N> },
  look: Readers<N>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
) => {
  const ending = new AbortController()
  let [stands, told] = [false, false]
  let wake: AbortController | undefined
  if (watching) {
    const changed = () => {
      stands = true
      told = true
      wake?.abort()
    }
    watching(look, changed, AbortSignal.any([signal, ending.signal]))
      .catch(() => {})
      .finally(() => {
        stands = false
      })
  }
  return {
    /** `left`: no pause is longer, however well the watch stands. Rejects when the run is stopped. */
    pause: async (atMost: Duration, left: Duration): Promise<void> => {
      await clock.sleep(Math.min(breath, atMost), signal)
      if (!told) {
        wake = new AbortController()
        await clock
          .sleep((stands ? Math.min(Math.max(atMost, whileWatched), left) : atMost) - breath, AbortSignal.any([signal, wake.signal]))
          .catch(() => signal.throwIfAborted())
      }
      told = false
    },
    end: () => ending.abort(),
  }
}
