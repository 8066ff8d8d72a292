import { goValue } from '../schema/go-value.ts'
import { isJson, type Json } from '../schema/json.ts'
import { itemKey, type Struct, type Type } from '../schema/schema.ts'

const goType = (value: unknown) =>
  Array.isArray(value)
    ? '[]interface {}'
    : isJson(value)
      ? 'map[string]interface {}'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value === 'number'
          ? 'int64'
          : 'string'
const held = (value: unknown) => `&value.valueUnstructured{Value:${typeof value === 'string' ? JSON.stringify(value) : goValue(value)}}`

/** What keeps a configuration from being one of its type, in the words of server-side apply; empty when nothing does. */
export const typeProblems = (type: Struct, configuration: Json): readonly string[] => problems(type, configuration, '')

/** Several problems in one sentence, as the server joins them. */
export const joined = (all: readonly string[]): string =>
  all.length === 1 ? (all[0] ?? '') : ['errors:', ...all.map((one) => `  ${one}`)].join('\n')

function problems(type: Type, value: unknown, path: string): readonly string[] {
  if (value === null || value === undefined) return []
  switch (type.of) {
    case 'scalar':
      return scalarProblem(type.name, value).map((problem) => `${path}: ${problem}`)
    case 'struct':
      if (!isJson(value)) return [`${path}: expected map, got &{${goValue(value)}}`]
      return Object.entries(value).flatMap(([key, inner]) => {
        const field = type.fields.get(key)
        return field ? problems(field, inner, `${path}.${key}`) : [`${path}.${key}: field not declared in schema`]
      })
    case 'map':
      if (!isJson(value)) return [`${path}: expected map, got &{${goValue(value)}}`]
      return Object.entries(value).flatMap(([key, inner]) => problems(type.element, inner, `${path}.${key}`))
    case 'list':
      if (!Array.isArray(value)) return [`${path}: expected list, got &{${goValue(value)}}`]
      return type.keys
        ? keyedProblems(type.element, type.keys, value, path)
        : value.flatMap((item, at) => problems(type.element, item, `${path}[${at}]`))
  }
}

function scalarProblem(name: string, value: unknown): readonly string[] {
  switch (name) {
    case 'int32':
    case 'int64':
    case 'double':
      return typeof value === 'number' ? [] : [`expected numeric (int or float), got ${goType(value)}`]
    case 'string':
    case 'bytes':
      return typeof value === 'string' ? [] : [`expected string, got ${held(value)}`]
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`expected boolean, got ${held(value)}`]
    default:
      return []
  }
}

function keyedProblems(element: Type, keys: readonly string[], items: readonly unknown[], path: string): readonly string[] {
  const seen = new Set<string>()
  return items.flatMap((item, at) => {
    if (!isJson(item)) return [`${path}: element ${at}: associative list with keys may not have non-map elements`]
    const key = itemKey(item, keys)
    const missing = keys.find((one) => key[one] === undefined)
    if (missing !== undefined)
      return [
        `${path}: element ${at}: associative list with keys has an element that omits key field ${JSON.stringify(missing)} (and doesn't have default value)`,
      ]
    const shown = `[${Object.entries(key)
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(',')}]`
    if (seen.has(shown)) return [`${path}: duplicate entries for key ${shown}`]
    seen.add(shown)
    return problems(element, item, `${path}${shown}`)
  })
}
