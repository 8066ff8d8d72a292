import { isJson, type Json, same } from '../schema/json.ts'
import { type Cause, forbiddenValue, invalidValue, required } from '../status.ts'
import type { Kind } from './kind.ts'

const object = (value: unknown): Json => (isJson(value) ? value : {})
const text = (value: unknown) => String(value ?? '')
const key = /^[-._a-zA-Z0-9]+$/
const keyWords =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
const limit = 1024 * 1024

const keys = (data: Json, field: string): Cause[] =>
  Object.keys(data)
    .filter((name) => !key.test(name) || name.length > 253)
    .map((name) => invalidValue(`${field}[${name}]`, name, keyWords))

const unchangeable = (now: Json, old: Json, fields: readonly string[]): Cause[] => {
  if (old['immutable'] !== true) return []
  const causes = now['immutable'] === true ? [] : [forbiddenValue('immutable', 'field is immutable when `immutable` is set')]
  return [
    ...causes,
    ...fields
      .filter((field) => !same(object(now[field]), object(old[field])))
      .map((field) => forbiddenValue(field, 'field is immutable when `immutable` is set')),
  ]
}
const size = (...maps: Json[]) =>
  maps.reduce((sum, data) => sum + Object.values(data).reduce((n: number, value) => n + text(value).length, 0), 0)

export const configMap: Kind = {
  validate: (o) => [
    ...keys(object(o['data']), 'data'),
    ...keys(object(o['binaryData']), 'binaryData'),
    ...(size(object(o['data']), object(o['binaryData'])) > limit
      ? [{ reason: 'FieldValueTooLong', message: `Too long: may not be more than ${limit} bytes`, field: '' }]
      : []),
  ],
  validateUpdate: (o, old) => unchangeable(o, old, ['data', 'binaryData']),
}

const secretKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
}

export const secret: Kind = {
  default: (o) => {
    o['type'] ??= 'Opaque'
    const plain = object(o['stringData'])
    if (Object.keys(plain).length > 0)
      o['data'] = {
        ...object(o['data']),
        ...Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, Buffer.from(text(value)).toString('base64')])),
      }
    delete o['stringData']
  },
  validate: (o) => {
    const data = object(o['data'])
    const causes = [
      ...keys(data, 'data'),
      ...(secretKeys[text(o['type'])] ?? []).filter((name) => data[name] === undefined).map((name) => required(`data[${name}]`)),
    ]
    for (const name of ['.dockerconfigjson', '.dockercfg']) {
      if (!text(o['type']).startsWith('kubernetes.io/dockerc') || data[name] === undefined) continue
      const problem = notJson(Buffer.from(text(data[name]), 'base64').toString())
      if (problem) causes.push(invalidValue(`data[${name}]`, '<secret contents redacted>', problem))
    }
    if (o['type'] === 'kubernetes.io/basic-auth' && data['username'] === undefined && data['password'] === undefined)
      causes.push(required('data[username]'), required('data[password]'))
    return causes
  },
  validateUpdate: (o, old) => [
    ...(o['type'] === old['type'] ? [] : [invalidValue('type', o['type'], 'field is immutable')]),
    ...unchangeable(o, old, ['data']),
  ],
  fields: (o) => ({ type: text(o['type']) }),
  warnings: (o) => {
    if (o['type'] !== 'kubernetes.io/tls') return []
    const certificate = Buffer.from(text(object(o['data'])['tls.crt']), 'base64').toString()
    return /-----BEGIN CERTIFICATE-----/.test(certificate) ? [] : ['tls: failed to find any PEM data in certificate input']
  },
}

/** What Go's JSON parser says of a text; undefined when it is JSON. */
function notJson(content: string): string | undefined {
  try {
    JSON.parse(content)
    return undefined
  } catch {
    const first = content.trim()[0]
    if (first === undefined) return 'unexpected end of JSON input'
    return /[[{"]/.test(first) ? 'unexpected end of JSON input' : `invalid character '${first}' looking for beginning of value`
  }
}
