import { parseDocument } from 'yaml'

/** What a YAML text says; undefined where it does not parse. */
export const parseYaml = (text: string): unknown => {
  const document = parseDocument(text)
  return document.errors.length > 0 ? undefined : document.toJS()
}
