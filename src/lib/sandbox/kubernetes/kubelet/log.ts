export interface LogLine {
  readonly at: number
  readonly text: string
}

/** The log of one run of a container: its lines, whoever follows it, and its end. */
export function createLog() {
  const lines: LogLine[] = []
  const followers = new Set<(line: LogLine | undefined) => void>()
  let ended = false
  const most = 10_000
  return {
    lines: lines as readonly LogLine[],
    write: (text: string): void => {
      const line = { at: Date.now(), text }
      lines.push(line)
      if (lines.length > most) lines.shift()
      for (const follower of followers) follower(line)
    },
    end: (): void => {
      ended = true
      for (const follower of followers) follower(undefined)
      followers.clear()
    },
    /** Called with each new line, and with undefined at the end; returns the end of following. */
    follow: (follower: (line: LogLine | undefined) => void): (() => void) => {
      if (ended) follower(undefined)
      else followers.add(follower)
      return () => void followers.delete(follower)
    },
  }
}
export type Log = ReturnType<typeof createLog>
