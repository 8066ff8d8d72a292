import { isJson, type Json } from './schema/json.ts'
import { badRequest } from './status.ts'

export type Labels = Readonly<Record<string, unknown>>
export type LabelTest = (labels: Labels) => boolean

const word = /^[^\s,=!()<>]+/

/** A label selector as it stands in a query: `a=b,c!=d,e in (f,g),h,!i`. */
export function parseLabelSelector(text: string): LabelTest {
  const tests: LabelTest[] = []
  let rest = text.trim()
  const fail = (expected: string) =>
    badRequest(`unable to parse requirement: found '${/^(==?|!=?|[(),<>]|[^\s,=!()<>]+)/.exec(rest)?.[0] ?? ''}', expected: ${expected}`)
  const take = (pattern: RegExp) => {
    const found = pattern.exec(rest)?.[0]
    if (found !== undefined) rest = rest.slice(found.length).trimStart()
    return found
  }
  while (rest !== '') {
    const absent = take(/^!(?!=)/)
    const key = take(word)
    if (key === undefined) throw fail(absent ? 'identifier' : "!, identifier, or ','".replace(", or ','", ', or end of string'))
    if (absent) tests.push((labels) => labels[key] === undefined)
    else if (rest === '' || rest.startsWith(',')) tests.push((labels) => labels[key] !== undefined)
    else {
      const operator = take(/^(==|=|!=|in\b|notin\b|<|>)/)
      if (operator === undefined) throw fail("in, notin, =, ==, !=, gt, lt, or ','".slice(0, 31))
      const values = operator === 'in' || operator === 'notin' ? set() : new Set([value()])
      const positive = operator === '=' || operator === '==' || operator === 'in'
      if (operator === '<' || operator === '>') {
        const [limit] = values
        tests.push(
          (labels) =>
            labels[key] !== undefined && (operator === '<' ? Number(labels[key]) < Number(limit) : Number(labels[key]) > Number(limit)),
        )
      } else
        tests.push((labels) =>
          positive
            ? labels[key] !== undefined && values.has(String(labels[key]))
            : labels[key] === undefined || !values.has(String(labels[key])),
        )
    }
    if (rest === '') break
    if (take(/^,/) === undefined) throw fail("',' or 'end of string'")
    if (rest === '') throw badRequest("unable to parse requirement: found '', expected: identifier after ','")
  }
  return (labels) => tests.every((test) => test(labels))

  function value(): string {
    if (rest === '' || rest.startsWith(',')) return ''
    const found = take(word)
    if (found === undefined) throw fail('identifier')
    return checked(found)
  }
  function set(): Set<string> {
    if (take(/^\(/) === undefined) throw fail("'('")
    const values = new Set<string>()
    for (;;) {
      values.add(checked(take(word) ?? ''))
      if (take(/^\)/) !== undefined) return values
      if (take(/^,/) === undefined) throw fail("',', or ')'")
    }
  }
}

const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/
function checked(value: string): string {
  if (labelValue.test(value) && value.length <= 63) return value
  throw badRequest(
    `values[0][]: Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
  )
}

/** Does a LabelSelector (matchLabels, matchExpressions) choose these labels? An empty one chooses everything. */
export function matchesLabelSelector(selector: Json, labels: Labels): boolean {
  const wanted = isJson(selector['matchLabels']) ? Object.entries(selector['matchLabels']) : []
  const expressions = Array.isArray(selector['matchExpressions']) ? selector['matchExpressions'].filter(isJson) : []
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    expressions.every(({ key, operator, values }) => {
      const has = labels[String(key)]
      const among = Array.isArray(values) && values.includes(has)
      if (operator === 'In') return has !== undefined && among
      if (operator === 'NotIn') return !among
      return operator === 'Exists' ? has !== undefined : has === undefined
    })
  )
}

/** A LabelSelector as kubectl and the Scale subresource write it. */
export function selectorText(selector: unknown): string {
  if (!isJson(selector)) return ''
  const labels = isJson(selector['matchLabels'])
    ? Object.entries(selector['matchLabels'])
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => `${key}=${String(value)}`)
    : []
  const expressions = (Array.isArray(selector['matchExpressions']) ? selector['matchExpressions'].filter(isJson) : []).map(
    ({ key, operator, values }) => {
      const list = Array.isArray(values) ? `(${values.join(',')})` : ''
      return operator === 'Exists'
        ? String(key)
        : operator === 'DoesNotExist'
          ? `!${String(key)}`
          : `${String(key)} ${String(operator).toLowerCase()} ${list}`
    },
  )
  return [...labels, ...expressions].join(',')
}

/** A field selector: equality and inequality of the fields that the kind knows. */
export function parseFieldSelector(text: string, known: readonly string[]): (fields: Readonly<Record<string, string>>) => boolean {
  const terms = text
    .split(',')
    .filter((term) => term !== '')
    .map((term) => {
      const found = /^([^=!]+)(==|!=|=)(.*)$/.exec(term)
      if (!found) throw badRequest(`invalid field selector: ${JSON.stringify(text)}; can't understand '${term}'`)
      const [, field = '', operator = '', value = ''] = found
      if (!known.includes(field))
        throw badRequest(
          known.length > 2
            ? `field label not supported: ${field}`
            : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
        )
      return (fields: Readonly<Record<string, string>>) => (operator === '!=') !== ((fields[field] ?? '') === value)
    })
  return (fields) => terms.every((term) => term(fields))
}
