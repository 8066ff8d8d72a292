import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar, parseDocument, stringify } from 'yaml'

type Values = Readonly<Record<string, unknown>>

/** Paths as `ssh.config` become mappings within each other. */
const nested = (values: Values): Values =>
  Object.entries(values).reduce<Record<string, unknown>>((all, [path, value]) => {
    const [head = '', key] = path.split('.')
    return { ...all, [head]: key === undefined ? value : { ...(all[head] as Values | undefined), [key]: value } }
  }, {})

/** The lines of one environment, as deep as they stand below `environments:`. */
export const environmentLines = (name: string, values: Values, indent = '  '): string =>
  stringify({ [name]: nested(values) }, { lineWidth: 0 })
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}${line}`)
    .join('\n')

/** The text with one more environment at its end, every other line as it was; undefined where it does not end in a block of environments. */
export const withEnvironment = (text: string, name: string, values: Values): string | undefined => {
  const before = parseDocument(text)
  const environments = before.errors.length > 0 ? undefined : before.get('environments', true)
  const first = isMap(environments) && !environments.flow ? environments.items[0]?.key : undefined
  const at = isScalar(first) ? (first.range?.[0] ?? 0) : undefined
  if (at === undefined) return undefined
  const indent = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  const whole = `${text.trimEnd()}\n\n${environmentLines(name, values, indent)}\n`
  const after = parseDocument(whole)
  if (after.errors.length > 0) return undefined
  const said = before.toJS() as { readonly environments: Values }
  const expected = { ...said, environments: { ...said.environments, [name]: nested(values) } }
  return isDeepStrictEqual(after.toJS(), expected) ? whole : undefined
}

/** The file has an environment of this name, with or without anything below it. */
export const hasEnvironment = (text: string, name: string): boolean => parseDocument(text).hasIn(['environments', name])
