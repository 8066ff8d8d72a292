import type { Clock, Duration } from '../clock.ts'
import type { Feed, FeedLine } from './feed.ts'

/** Lines are handed on in pieces of so many. */
const batch = 500

/** A bell that somebody waits for: rung before, it does not make the next one wait. */
export const bell = () => {
  let rung = false
  let wake = () => {}
  return {
    ring: (): void => {
      rung = true
      wake()
    },
    /** Until it has been rung, or for so long at most. */
    heard: async (clock: Clock, signal: AbortSignal, atMost?: Duration): Promise<void> => {
      if (!rung && !signal.aborted) {
        const over = new AbortController()
        // One signal made of two would cost more than all else that is done for a piece.
        const stop = () => over.abort(null)
        signal.addEventListener('abort', stop, { once: true })
        const rings = new Promise<void>((resolve) => (wake = resolve))
        const late = clock.sleep(atMost ?? 3_600_000, over.signal).catch(() => {})
        await Promise.race([rings, late])
        signal.removeEventListener('abort', stop)
        stop()
      }
      rung = false
      signal.throwIfAborted()
    },
  }
}

interface Merging {
  /** As they are now: in the midst of it some may come and go. */
  readonly feeds: () => readonly Feed[]
  readonly changes: ReturnType<typeof bell>
  readonly clock: Clock
  readonly signal: AbortSignal
  /** A line is told after so long although another log may yet have an older one; without it, it waits until that is known. */
  readonly patience?: Duration
  /** Whether all is told once every feed is at its end. */
  readonly ends: () => boolean
}

/**
 * The lines of many logs by their time, in pieces. Each log is in order by itself; of each no more than a piece is held. Of lines of the same time, those of the
 * log that stands first come first. Ends by the signal, with its reason.
 */
export async function* merged({ feeds, changes, clock, signal, patience, ends }: Merging): AsyncGenerator<readonly FeedLine[]> {
  let told: FeedLine[] = []
  for (;;) {
    const all = feeds()
    let first: Feed | undefined
    let second: string | undefined
    let silent = false
    for (const feed of all) {
      const head = feed.head()
      if (!head) {
        silent ||= feed.state() !== 'ended'
        continue
      }
      const { at = '' } = first?.head() ?? {}
      if (!first || head.at < at) {
        second = first ? at : second
        first = feed
      } else if (second === undefined || head.at < second) second = head.at
    }
    const wait = first && silent ? ripeIn(first, patience, clock) : 0
    if (first && wait <= 0) {
      do {
        const line = first.next()
        if (line) told.push(line)
      } while (told.length < batch && isNext(first.head(), second) && !silent)
      if (told.length < batch) continue
    }
    if (told.length > 0) {
      yield told
      told = []
      signal.throwIfAborted()
      continue
    }
    if (!first && !silent && ends()) return
    await changes.heard(clock, signal, first && Number.isFinite(wait) ? wait : undefined)
  }
}

const isNext = (head: FeedLine | undefined, second: string | undefined): boolean =>
  head !== undefined && (second === undefined || head.at < second)

const ripeIn = (first: Feed, patience: Duration | undefined, clock: Clock): Duration =>
  patience === undefined ? Number.POSITIVE_INFINITY : (first.head()?.came ?? 0) + patience - clock.now().getTime()
