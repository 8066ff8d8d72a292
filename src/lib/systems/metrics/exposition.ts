/** One line of what a program counts, as Prometheus' text has it. */
export interface Counted {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const line = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/
const label = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g
const escapes: Readonly<Record<string, string>> = { n: '\n', '\\': '\\', '"': '"' }

/** The lines of a `/metrics` page; comments, and what is none, are left out. */
export const countedIn = (page: string): readonly Counted[] =>
  page.split('\n').flatMap((text) => {
    const [, name, inside = '', said = ''] = line.exec(text.trim()) ?? []
    const value = Number(said)
    if (name === undefined || Number.isNaN(value)) return []
    const labels = [...inside.matchAll(label)].map(([, key = '', raw = '']) => [
      key,
      raw.replace(/\\(.)/g, (all, letter: string) => escapes[letter] ?? all),
    ])
    return [{ name, labels: Object.fromEntries(labels) as Record<string, string>, value }]
  })
