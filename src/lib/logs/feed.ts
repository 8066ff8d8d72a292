import type { Readable } from 'node:stream'
import { atMost, type Clock, seconds } from '../clock.ts'
import { lineCutter, type Stamped } from './lines.ts'
import type { Source } from './sources.ts'

export interface FeedLine extends Stamped {
  readonly source: Source
  /** When it came, by our clock. */
  readonly came: number
}

/** One log as it is read. */
export interface Feed {
  readonly source: Source
  readonly head: () => FeedLine | undefined
  /** Takes it away. */
  readonly next: () => FeedLine | undefined
  /** Where it stands: nothing has come yet; it goes on; it is at its end; or why it could not be read. */
  readonly state: () => 'opening' | 'open' | 'ended'
  readonly trouble: () => unknown
  /** Lines that were read so far. */
  readonly count: () => number
  /** The time of the last line that came. */
  readonly last: () => string | undefined
  /** What the kubelet said in place of lines. */
  readonly remarks: () => readonly string[]
}

/** So many bytes of one log wait to be told: then its reading waits. */
const mostWaiting = 64 * 1024
/** A log that is not followed and sends nothing for so long is given up. */
const silence = seconds(30)

export interface FeedOptions {
  readonly open: () => Promise<Readable>
  readonly follow: boolean
  readonly clock: Clock
  /** Called whenever something has come or ended. */
  readonly changed: () => void
  /** What fails from then on is the end, and no trouble. */
  readonly signal?: AbortSignal
  /** Of a log that was read before: what was told of it already. */
  readonly after?: { readonly at: string; readonly times: number } | undefined
}

/** Reads one log from now on, as fast as its lines are taken. */
export const feedOf = (source: Source, { open, follow, clock, changed, signal, after }: FeedOptions): Feed => {
  let lines: FeedLine[] = []
  let taken = 0
  let size = 0
  let state: ReturnType<Feed['state']> = 'opening'
  let trouble: unknown
  let count = 0
  let last: string | undefined
  let room = () => {}
  const remarks: string[] = []
  let repeated = after?.times ?? 0

  const isTold = ({ at }: Stamped): boolean => {
    if (after === undefined || at > after.at) return false
    return at < after.at || repeated-- > 0
  }
  const add = (cut: ReturnType<ReturnType<typeof lineCutter>['push']>) => {
    const came = clock.now().getTime()
    for (const line of cut) {
      if ('remark' in line) {
        if (remarks.length < 3 && line.remark.trim() !== '') remarks.push(line.remark.slice(0, 500))
      } else if (!isTold(line)) {
        lines.push({ at: line.at, text: line.text, more: line.more, source, came })
        size += line.text.length
        count++
        last = line.at
      }
    }
  }
  const pump = async () => {
    const stream = await open()
    state = 'open'
    const cutter = lineCutter()
    const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    for (;;) {
      const next = follow ? await chunks.next() : await atMost(clock, silence, chunks.next())
      if (next === undefined) {
        stream.destroy()
        throw new Error(`it sent nothing for ${silence / 1000} s`)
      }
      if (next.done) break
      add(cutter.push(next.value))
      changed()
      while (size > mostWaiting) await new Promise<void>((resolve) => (room = resolve))
    }
    add(cutter.end())
  }
  pump()
    .catch((error: unknown) => {
      if (!signal?.aborted) trouble = error ?? new Error('it was cut off')
    })
    .finally(() => {
      state = 'ended'
      changed()
    })

  return {
    source,
    head: () => lines[taken],
    next: () => {
      const line = lines[taken]
      if (line === undefined) return undefined
      taken++
      size -= line.text.length
      if (taken === lines.length || taken > 1000) {
        lines = lines.slice(taken)
        taken = 0
      }
      if (size <= mostWaiting / 2) room()
      return line
    },
    state: () => state,
    trouble: () => trouble,
    count: () => count,
    last: () => last,
    remarks: () => remarks,
  }
}
