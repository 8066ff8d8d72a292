export interface LogLine {
  readonly at: number
  readonly text: string
}

/** A file that has grown to 10 MiB is moved aside, as containerLogMaxSize is by default. */
const rotatedAt = 10 * 1024 * 1024

/** The log of one run of a container: its lines, whoever follows it, and its end. */
export function createLog() {
  const lines: LogLine[] = []
  const followers = new Set<(line: LogLine | undefined) => void>()
  let ended = false
  let size = 0
  return {
    lines: lines as readonly LogLine[],
    write: (text: string): void => {
      const line = { at: Date.now(), text }
      size += text.length + 1
      // A kubelet reads the file that is being written; what was moved aside is told no more.
      if (size > rotatedAt) {
        lines.length = 0
        size = text.length + 1
      }
      lines.push(line)
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
