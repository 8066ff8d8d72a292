/** What goose said when it stopped at a file. */
export interface GooseFailure {
  /** Undefined where goose stopped before a file. */
  readonly file: string | undefined
  /** The statement that failed, without its comment and empty lines; undefined where goose names none. */
  readonly statement: string | undefined
  /** PostgreSQL's code, where the server said no. */
  readonly sqlState: string | undefined
  readonly text: string
}

/** From the line of a log at which goose gave up. */
export const failureOf = (log: readonly string[]): GooseFailure | undefined => {
  const text = log.findLast((line) => /\bgoose run: |^panic: /.test(line))
  if (text === undefined) return undefined
  const at = log.lastIndexOf(text)
  return {
    file: /\bERROR (\d+_\S+\.sql):/.exec(text)?.[1],
    statement: unquoted(/failed to execute SQL query ("(?:[^"\\]|\\.)*")/.exec(text)?.[1]),
    sqlState: /\(SQLSTATE ([0-9A-Z]{5})\)/.exec(text)?.[1],
    text: [text.replace(/^[\d/]+ [\d:]+ /, ''), ...log.slice(at + 1)].join(' ').replace(/\s+/g, ' ').slice(0, 600),
  }
}

/** Go's %q: JSON's escapes, and four of its own. */
const unquoted = (quoted: string | undefined): string | undefined => {
  if (quoted === undefined) return undefined
  const plain = quoted.replace(/\\(?:x([0-9a-f]{2})|U([0-9a-f]{8})|([av\\]))/g, (all, byte, rune, letter) =>
    rune === undefined
      ? byte === undefined
        ? letter === '\\'
          ? all
          : letter === 'a'
            ? '\\u0007'
            : '\\u000b'
        : `\\u00${byte}`
      : String.fromCodePoint(Number.parseInt(rune, 16)),
  )
  try {
    return JSON.parse(plain) as string
  } catch {
    return undefined
  }
}
