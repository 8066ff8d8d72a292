import { parseDocument } from 'yaml'

/** What a YAML text says; undefined where it does not parse, and where its aliases or its depth come to no value that ends. */
export const parseYaml = (text: string): unknown => {
  try {
    const document = parseDocument(text)
    if (document.errors.length > 0) return undefined
    const value: unknown = document.toJS()
    // What stands within itself has no end.
    JSON.stringify(value)
    return value
  } catch {
    return undefined
  }
}
