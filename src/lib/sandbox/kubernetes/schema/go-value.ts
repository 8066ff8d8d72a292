import { isJson, type Json } from './json.ts'

/** A value as Go's %v prints it. */
export function goValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`
  if (isJson(value))
    return `map[${Object.keys(value)
      .sort()
      .map((key) => `${key}:${goValue(value[key])}`)
      .join(' ')}]`
  return value === null ? '<nil>' : String(value)
}

/** A struct as Go's JSON shows one without tags: its field names, in their order, empty where there is nothing. */
export const goStruct = (value: unknown, fields: readonly string[]): Json =>
  Object.fromEntries(fields.map((field) => [goName(field), (isJson(value) ? value[field] : undefined) ?? '']))
const goName = (field: string) => field.replace(/^(api|uid$|.)/, (start) => start.toUpperCase())
