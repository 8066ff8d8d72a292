import { quotingOf } from '../../src/lib/shell.ts'

/** Logical name → the value that stands for it in this run. */
export type Names = Readonly<Record<string, string>>

const escaped = (value: string): string => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Longest first, so that a value within another does not split it; a value ends where a word does. */
const patternOf = (names: Names): RegExp => {
  const values = Object.values(names).sort((a, b) => b.length - a.length)
  return new RegExp(`(?<![\\w.])(?:${values.map(escaped).join('|') || '(?!)'})(?![\\w])`, 'g')
}

const nameOf = (names: Names, value: string): string => Object.keys(names).find((name) => names[name] === value) ?? ''

/** `residence_ids_user:37` → `residence_ids_user:$USER_ID`. */
export const named = (text: string, names: Names): string => text.replace(patternOf(names), (value) => `$${nameOf(names, value)}`)

/** The same in a shell line, where the shell must still see a variable: inside single quotes they are closed around it. */
export const namedInShell = (line: string, names: Names): string => {
  const quotes = quotingOf(line)
  return line.replace(patternOf(names), (value, at: number) => {
    const name = nameOf(names, value)
    return quotes[at] === "'" ? `'"$${name}"'` : quotes[at] === '"' ? `$${name}` : `"$${name}"`
  })
}

/** Variables that the shell expands in this line. */
export const variablesOf = (line: string): readonly string[] => {
  const quotes = quotingOf(line)
  return [...line.matchAll(/\$\{?([A-Z][A-Z0-9_]*)/g)].flatMap(({ 1: name, index }) => (name && quotes[index] !== "'" ? [name] : []))
}
