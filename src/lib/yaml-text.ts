import { parseAllDocuments, parseDocument } from 'yaml'

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

/** Every document of a YAML text that says something; undefined where one of them does not parse. */
export const parseYamlDocuments = (text: string): readonly unknown[] | undefined => {
  try {
    const documents = parseAllDocuments(text)
    if (!Array.isArray(documents)) return []
    if (documents.some(({ errors }) => errors.length > 0)) return undefined
    const values: readonly unknown[] = documents.map((document) => document.toJS())
    JSON.stringify(values)
    return values.filter((value) => value !== null)
  } catch {
    return undefined
  }
}
