import { readFileSync } from 'node:fs'
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { environmentSchema } from './schema.ts'

/** What an environment may have: at the top of the file it stands one level too high. */
const settings: ReadonlySet<string> = new Set(Object.keys(environmentSchema.def.shape))

const advice = (key: string): string =>
  settings.has(key)
    ? `it belongs under environments, into the environment that it is of: environments.production.${key}`
    : `the file has environments and nothing else; an environment of this name would be environments.${key}`

/** Keys of a configuration file that nothing reads, each with its line: ignored without a word, they would be taken for read. */
export const strayKeys = (file: string): readonly string[] => {
  const lines = new LineCounter()
  const { contents, errors } = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines })
  // What is no YAML is told by whoever reads the environment.
  if (errors.length > 0 || contents === null) return []
  if (!isMap(contents)) return [`${file}:1: the file is no mapping: it begins with environments:`]
  return contents.items.flatMap(({ key, value }) => {
    const name = String(isScalar(key) ? key.value : key)
    const line = lines.linePos((isScalar(key) ? key.range?.[0] : undefined) ?? 0).line
    if (name !== 'environments') return [`${file}:${line}: ${name} is no setting here: ${advice(name)}`]
    return isMap(value) || (isScalar(value) && value.value === null)
      ? []
      : [`${file}:${line}: environments is no mapping of names to environments`]
  })
}
