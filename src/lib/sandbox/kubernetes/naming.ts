import type { Kind } from './kinds/kind.ts'
import { type Cause, invalidValue, required } from './status.ts'
import type { Metadata } from './types.ts'

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const service = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const words = {
  subdomain:
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  label:
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  service:
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
}
const rules = { subdomain: [subdomain, 253], label: [label, 63], service: [service, 63] } as const

export function validateName(name: string, rule: Kind['name']): Cause[] {
  if (name === '') return [required('metadata.name', 'name or generateName is required')]
  if (rule === 'path')
    return /^\.{1,2}$|[/%]/.test(name)
      ? [invalidValue('metadata.name', name, name.startsWith('.') ? `may not be '${name}'` : `may not contain '${/[/%]/.exec(name)?.[0]}'`)]
      : []
  const [pattern, length] = rules[rule ?? 'subdomain']
  const causes: Cause[] = []
  if (name.length > length) causes.push(invalidValue('metadata.name', name, `must be no more than ${length} characters`))
  if (!pattern.test(name)) causes.push(invalidValue('metadata.name', name, words[rule ?? 'subdomain']))
  return causes
}

const qualified = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const qualifiedWords =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const valueWords =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

/** What is wrong with a name of Kubernetes' own: a prefix that is a subdomain and a slash may stand before it. */
export function qualifiedName(field: string, key: string): Cause[] {
  const [name = '', prefix, ...more] = key.split('/').reverse()
  if (more.length > 0)
    return [
      invalidValue(
        field,
        key,
        `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
      ),
    ]
  const causes: Cause[] = []
  if (prefix !== undefined && !subdomain.test(prefix))
    causes.push(invalidValue(field, key, prefix === '' ? 'prefix part must be non-empty' : `prefix part ${words.subdomain}`))
  if (name === '') causes.push(invalidValue(field, key, 'name part must be non-empty'))
  if (name.length > 63) causes.push(invalidValue(field, key, 'name part must be no more than 63 characters'))
  if (!qualified.test(name)) causes.push(invalidValue(field, key, qualifiedWords))
  return causes
}
const keys = (map: Readonly<Record<string, string>> | undefined, field: string): Cause[] =>
  Object.keys(map ?? {}).flatMap((key) => qualifiedName(field, key))

export function validateMetadata(metadata: Metadata): Cause[] {
  const values = Object.values(metadata.labels ?? {}).flatMap((value) => [
    ...(value.length > 63 ? [invalidValue('metadata.labels', value, 'must be no more than 63 characters')] : []),
    ...(value === '' || qualified.test(value) ? [] : [invalidValue('metadata.labels', value, valueWords)]),
  ])
  const finalizers = (metadata.finalizers ?? []).filter(
    (name) => !name.includes('/') && !['foregroundDeletion', 'orphan', 'kubernetes'].includes(name),
  )
  return [
    ...keys(metadata.labels, 'metadata.labels'),
    ...values,
    ...keys(metadata.annotations, 'metadata.annotations'),
    ...finalizers.map((name) =>
      invalidValue('metadata.finalizers[0]', name, 'name is neither a standard finalizer name nor is it fully qualified'),
    ),
  ]
}

const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
/** Five letters more, without vowels: the way generateName is completed. */
export const suffix = (random: () => number = Math.random) =>
  Array.from({ length: 5 }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
