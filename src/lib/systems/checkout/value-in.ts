import { environmentOf } from '../../environment-file.ts'
import { parseYaml } from '../../yaml-text.ts'
import { findScalars, replaceScalar } from './scalars.ts'
import type { ValueSource } from './types.ts'

type Place = Omit<ValueSource, 'file'>

/** The one value that a source names, in the text of its file; undefined where it has none, or one that is no word. */
export const valueIn = (text: string, source: Place): string | undefined => {
  if (source.in === 'file') return text.replace(/\r?\n$/, '')
  if (source.in === 'env') return environmentOf(text).get(source.key ?? '')?.value
  let value = parseYaml(text)
  for (const part of (source.key ?? '').split('.')) value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[part]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

/** A scalar that YAML reads as this text without quotes. */
const plain = /^[A-Za-z][A-Za-z0-9_/+=.-]*$/

/** The text with another value in the one place, and not a byte beside it; undefined where there is no such place, or several. */
export const withValue = (text: string, source: Place, value: string): string | undefined => {
  const before = valueIn(text, source)
  if (before === undefined) return undefined
  if (source.in === 'file') return `${value.replace(/\r?\n$/, '')}${/\r?\n$/.exec(text)?.[0] ?? ''}`
  if (source.in === 'env') {
    const { line = 0 } = environmentOf(text).get(source.key ?? '') ?? {}
    const lines = text.split('\n')
    const said = lines[line - 1] ?? ''
    const at = said.lastIndexOf(before)
    if (before === '' || at < said.indexOf('=')) return undefined
    return lines.with(line - 1, `${said.slice(0, at)}${value}${said.slice(at + before.length)}`).join('\n')
  }
  const [one, ...more] = findScalars(text, before).filter(({ key }) => key === source.key)
  if (!one || more.length > 0) return undefined
  const quoted = /^["']/.test(text.slice(one.range[0], one.range[1]))
  return replaceScalar(text, one, quoted || plain.test(value) ? value : `"${value}"`)
}

/** On which line of its file a source stands, from 1; of a whole file, on none. */
export const lineOf = (text: string, source: Place): number | undefined => {
  const value = valueIn(text, source)
  if (value === undefined || source.in === 'file') return undefined
  if (source.in === 'env') return environmentOf(text).get(source.key ?? '')?.line
  return findScalars(text, value).find(({ key }) => key === source.key)?.line
}
