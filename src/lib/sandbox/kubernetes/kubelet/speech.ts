import type { Pod } from '../controllers/objects.ts'
import { duration } from './duration.ts'
import { note } from './note.ts'

/** What a container that has no program writes to its log, by annotations of its pod. */
interface Speech {
  /** `honeydue.test/says` (`init-says` of an init container), a line each; `{n}` is counted up. */
  readonly lines: readonly string[]
  /** `says-times`: so often. */
  readonly times: number
  /** `says-every`: a pause between them; without it all at once. */
  readonly every: number | undefined
}

const speechOf = (pod: Pod, init: boolean): Speech | undefined => {
  const says = note(pod, init ? 'init-says' : 'says')
  if (says === undefined) return undefined
  // `{long:1048576}`: a line that is longer than an annotation may be.
  const lines = says.replace(/\{long:(\d{1,8})\}/g, (_, length: string) => 'x'.repeat(Number(length))).split('\n')
  const every = note(pod, 'says-every')
  return { lines, times: Number(note(pod, 'says-times') ?? 1), every: every === undefined ? undefined : duration(every) }
}

/** Writes what the annotations say, until the signal. */
export function speak(
  pod: Pod,
  { init, log }: { readonly init: boolean; readonly log: { write(line: string): void } | undefined },
  after: (ms: number, then: () => void) => void,
  signal: AbortSignal,
): void {
  const speech = speechOf(pod, init)
  if (!speech || !log) return
  const { lines, times, every } = speech
  const say = (n: number) => {
    for (const line of lines) log.write(line.replaceAll('{n}', String(n)))
  }
  if (every === undefined) {
    for (let n = 1; n <= times; n++) say(n)
    return
  }
  const next = (n: number) => {
    if (signal.aborted || n > times) return
    say(n)
    after(every, () => next(n + 1))
  }
  next(1)
}
