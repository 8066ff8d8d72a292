import { environmentOf } from '../../environment-file.ts'
import { parseYaml } from '../../yaml-text.ts'
import type { ValueSource } from './types.ts'

/** The one value that a source names, in the text of its file; undefined where it has none, or one that is no word. */
export const valueIn = (text: string, source: Omit<ValueSource, 'file'>): string | undefined => {
  if (source.in === 'file') return text.replace(/\r?\n$/, '')
  if (source.in === 'env') return environmentOf(text).get(source.key ?? '')?.value
  let value = parseYaml(text)
  for (const part of (source.key ?? '').split('.')) value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[part]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
