import { isAlias, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import type { Scalar } from './types.ts'

interface Found extends Scalar {
  /** Where its text stands in the file: from, to (without what follows). */
  readonly range: readonly [number, number]
}

/** Every scalar value of a YAML text that equals `value`, in the order of the file; keys and comments are none. */
export const findScalars = (text: string, value: string): readonly Found[] => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const found: Found[] = []
  visit(document, {
    Scalar: (key, node, ancestors) => {
      if (key === 'key' || node.value !== value || !node.range || isAlias(node)) return
      const path = ancestors.flatMap((ancestor) => {
        const name = (ancestor as { readonly key?: unknown }).key
        return isScalar(name) ? [String(name.value)] : []
      })
      found.push({ key: path.join('.'), line: lines.linePos(node.range[0]).line, range: [node.range[0], node.range[1]] })
    },
  })
  return found
}

/** The text with one scalar changed, quoted as it was; every other byte stays. */
export const replaceScalar = (text: string, { range: [from, to] }: Found, value: string): string => {
  const quote = /^["']/.exec(text.slice(from, to))?.[0] ?? ''
  return `${text.slice(0, from)}${quote}${value}${quote}${text.slice(to)}`
}
