import type { Clock, Duration } from '../clock.ts'
import { columnsOf } from './wrap.ts'

/** Where a watched report goes: standard output, or a test's own. */
export interface Screen {
  write(text: string): void
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

export interface Watching {
  /** One picture of the world. */
  readonly draw: () => Promise<string>
  readonly every: Duration
  readonly clock: Clock
  /** Its abort ends the watching, and is no error. */
  readonly signal: AbortSignal
  readonly screen: Screen
}

/** Draws again and again until the signal: in place on a terminal, one block after the other elsewhere. */
export const watch = async ({ draw, every, clock, signal, screen }: Watching): Promise<void> => {
  let drawn: readonly string[] = []
  try {
    while (!signal.aborted) {
      const text = await draw()
      // What was read while it ended is a picture of the ending.
      if (signal.aborted) return
      const at = clock.now().toISOString().slice(0, 19).replace('T', ' ')
      if (screen.isTTY) {
        const lines = fitting([`${at} UTC, every ${every / 1000} s; Ctrl-C ends`, '', ...text.split('\n')], screen)
        screen.write(
          drawn.length > 0
            ? `\r\u001B[${height(drawn, screen)}A${lines.map((line) => over(line, screen)).join('')}\u001B[J`
            : `${lines.join('\n')}\n`,
        )
        drawn = lines
      } else screen.write(`${at} UTC\n\n${text}\n\n`)
      await clock.sleep(every, signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** A line over what stood there: what is left of it goes, and nothing is blank between two pictures. At the edge nothing is left. */
const over = (line: string, { columns = 80 }: Screen): string => {
  const width = columnsOf(line)
  return `${line}${width > 0 && width % columns === 0 ? '' : '\u001B[K'}\n`
}

const height = (lines: readonly string[], { columns = 80 }: Screen): number =>
  lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(columnsOf(line) / columns)), 0)

/** What is higher than the terminal cannot be drawn over: it is cut, and says so. */
const fitting = (lines: readonly string[], screen: Screen): readonly string[] => {
  const { rows = 24 } = screen
  let kept = lines
  while (height(kept, screen) > rows - 2) kept = kept.slice(0, -1)
  return kept.length === lines.length ? lines : [...kept, `… ${lines.length - kept.length} more lines than the terminal has room for`]
}
