import { mannerFlags } from './manner.ts'

/** What oclif is given, or the word that names no command and the command nearest to it. */
export type CommandLine = { readonly args: readonly string[] } | { readonly unknown: string; readonly near?: string }

/**
 * Joins `cache invalidate` to `cache:invalidate`, and refuses a word after a topic that names no command of it:
 * oclif would show the topic's help there and exit 0, which a script takes for success.
 */
export const commandLine = (
  typed: readonly string[],
  known: { readonly topics: readonly string[]; readonly commands: readonly string[] },
): CommandLine => {
  const words = nameFirst(inLongForm(typed))
  const plain = words.findIndex((word) => word.startsWith('-'))
  const leading = (plain < 0 ? words : words.slice(0, plain)).slice(0, 3)
  for (let count = leading.length; count > 1; count--) {
    const id = leading.slice(0, count).join(':')
    if (known.commands.includes(id)) return { args: [id, ...words.slice(count)] }
  }
  const [first, second] = leading
  // `db switch host`: the words of a command's name, parted by blanks.
  for (let count = leading.length; count > 2; count--) {
    const id = `${first}:${leading.slice(1, count).join('-')}`
    if (known.commands.includes(id)) return { args: [id, ...words.slice(count)] }
  }
  if (first === 'help') return commandLine([...words.slice(1), '--help'], known)
  if (first === undefined) return misplaced(words)
  if (known.commands.includes(first)) return { args: words }
  const asked = known.topics.includes(first) && second !== undefined ? `${first}:${second}` : first
  if (known.topics.includes(asked) && second === undefined) return { args: words }
  const near = nearest(asked, known.commands)
  return { unknown: asked, ...(near !== undefined && { near }) }
}

/** `-h` anywhere is `--help`, and `version` or `-v` alone is `--version`, as people type them. */
export const inLongForm = (words: readonly string[]): readonly string[] => {
  const end = words.indexOf('--')
  const [only] = words
  if (words.length === 1 && (only === 'version' || only === '-v' || only === '-V')) return ['--version']
  return words.flatMap((word, i) => {
    if (end >= 0 && i > end) return [word]
    return word === '-h' ? ['--help'] : word === '--json=stream' ? ['--json', '--stream'] : [word]
  })
}

/** Flags that every command has may stand before its name: `honeydue --no-color status`. */
const nameFirst = (words: readonly string[]): readonly string[] => {
  const before = leadingFlags(words)
  const rest = words.slice(before.length)
  return rest.length === 0 || rest[0]?.startsWith('-')
    ? words
    : [...rest.filter((_, i) => i < nameEnd(rest)), ...before, ...rest.slice(nameEnd(rest))]
}

/** Where the words end that may name a command. */
const nameEnd = (words: readonly string[]): number => {
  const at = words.findIndex((word) => word.startsWith('-'))
  return at < 0 ? words.length : at
}

const leadingFlags = (words: readonly string[]): readonly string[] => {
  const [first = ''] = words
  const count = first === '--env' ? 2 : first.startsWith('--env=') || mannerFlags.some((flag) => first === `--${flag}`) ? 1 : 0
  return count === 0 ? [] : [...words.slice(0, count), ...leadingFlags(words.slice(count))]
}

/** A flag where the command belongs: only these stand alone. */
const misplaced = (words: readonly string[]): CommandLine => {
  const [first] = words
  return first === undefined || /^--(version|env|json|no-color|no-input|plain)\b/.test(first) || words.includes('--help')
    ? { args: words }
    : { unknown: first }
}

/** The one that is spelled most like it, where one is near. */
export const nearest = (word: string, among: readonly string[]): string | undefined => {
  const [best] = among.map((one) => ({ one, far: distance(word, one) })).sort((a, b) => a.far - b.far)
  return best && best.far <= Math.max(3, word.length / 2) ? best.one : undefined
}

/** Levenshtein's: insertions, deletions and replacements between two words. */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...to].entries()) {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
