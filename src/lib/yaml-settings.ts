import { isScalar, isSeq, LineCounter, parseAllDocuments, type Scalar, visit } from 'yaml'

/** One place of a YAML text that gives a setting of Redis its value. */
export interface SettingPlace {
  /** Counted from 1. */
  readonly line: number
  readonly value: string
}

/**
 * Where a text says such a setting, in the ways in which Redis is told one: as the word behind `--name`, in the list of a container's words or in one line of
 * them; as a line of a redis.conf within a value; as the value of a key of that name. What a comment says is none.
 */
export const settingPlaces = (text: string, name: string): readonly SettingPlace[] => {
  const lines = new LineCounter()
  const found: SettingPlace[] = []
  for (const document of parseAllDocuments(text, { lineCounter: lines })) {
    if (!('contents' in document)) continue
    visit(document, {
      Scalar: (key, node, ancestors) => {
        if (key === 'key' || typeof node.value !== 'string' || !node.range) return
        const parent = ancestors.at(-1) as { readonly key?: unknown } | undefined
        const before = isSeq(parent) && typeof key === 'number' ? parent.items[key - 1] : parent?.key
        const said = isScalar(before) ? before.value : undefined
        if (said === `--${name}` || said === name) found.push({ line: lines.linePos(node.range[0]).line, value: node.value })
        else found.push(...withinOf(text, lines, node, name))
      },
    })
  }
  return found
}

/** The lines of a value of several words that say it: of redis.conf, or of a command line. */
const withinOf = (text: string, lines: LineCounter, { range }: Scalar, name: string): readonly SettingPlace[] => {
  const [from = 0, to = 0] = range ?? []
  const first = lines.linePos(from).line
  return text
    .slice(from, to)
    .split('\n')
    .flatMap((line, i) => {
      const words = line.trim().split(/\s+/)
      if (words[0]?.startsWith('#')) return []
      const at = words.findIndex((word) => word.replace(/^["'|>-]*/, '') === name)
      const value = words[at + 1]?.replace(/["']+$/, '')
      return at < 0 || value === undefined ? [] : [{ line: first + i, value }]
    })
}
