import { systemClock } from '../../clock.ts'

/** A server that has granted sessions grants them again: how long it is waited for while no other of ours is on its way, in milliseconds. */
const pauses = [20, 40, 80, 160, 320, 640, 1000, 1000, 1000, 1000]

/**
 * Seats for the sessions of one connection: as many as the server has shown to grant (MaxSessions). It frees one only a moment after its end, so a session
 * that it refuses is asked for again. `isFull` tells such a refusal from other failures.
 */
export const sessionSeats = (most: number, isFull: (error: unknown) => boolean) => {
  let limit = most
  let taken = 0
  let open = 0
  let granted = false
  const waiting: (() => void)[] = []
  const seat = async (first: boolean) => {
    while (taken >= limit) await new Promise<void>((resolve) => (first ? waiting.unshift(resolve) : waiting.push(resolve)))
    taken += 1
  }
  const leave = () => {
    taken -= 1
    waiting.shift()?.()
  }

  /** `work` says when its session has begun, and ends when the session has. */
  return async <T>(work: (began: () => void) => Promise<T>, signal?: AbortSignal): Promise<T> => {
    for (let refusals = 0; ; ) {
      await seat(refusals > 0)
      let mine = false
      try {
        return await work(() => {
          mine = granted = true
          open += 1
        })
      } catch (error) {
        const alone = taken === 1
        if (!isFull(error) || (alone && !granted)) throw error
        limit = Math.max(1, open)
        const pause = alone ? pauses[refusals++] : 0
        if (pause === undefined) throw error
        if (pause > 0) await systemClock.sleep(pause, signal)
      } finally {
        if (mine) open -= 1
        leave()
      }
    }
  }
}
