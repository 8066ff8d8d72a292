import { isJson, type Json } from './schema/json.ts'
import type { Struct, Type } from './schema/schema.ts'

/** A body that cannot become an object of its type; the message is the Go decoder's. */
export class DecodeError extends Error {
  /** `kind`: the plain kind in Go that the value is none of, which is all that is said where no JSON is read. */
  constructor(
    message: string,
    readonly kind?: string,
  ) {
    super(message)
  }
}

interface Decoding {
  readonly unknown: string[]
}

const jsonType = (value: unknown) =>
  Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value
const goType: Readonly<Record<string, string>> = {
  string: 'string',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  boolean: 'bool',
  bytes: '[]uint8',
}

// Pointers in Go: an empty string is a value of its own there and not the absence of one.
const emptyMatters = new Set([
  'storageClassName',
  'appProtocol',
  'ingressClassName',
  'holderIdentity',
  'reportingComponent',
  'reportingInstance',
  'apiGroup',
  'DiscoveryEndpointPort.name',
  'Condition.message',
  'Condition.reason',
])
// Plain booleans and numbers in Go, which are left out when they are false or zero.
const zeroIsAbsent: Readonly<Record<string, ReadonlySet<string>>> = {
  DeploymentSpec: new Set(['paused', 'minReadySeconds']),
  ReplicaSetSpec: new Set(['minReadySeconds']),
  DaemonSetSpec: new Set(['minReadySeconds']),
  StatefulSetSpec: new Set(['minReadySeconds']),
  DeploymentStatus: new Set([
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'observedGeneration',
  ]),
  ReplicaSetStatus: new Set(['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration']),
  JobStatus: new Set(['active', 'failed', 'succeeded']),
  PodDisruptionBudgetStatus: new Set(['observedGeneration']),
  NodeSpec: new Set(['unschedulable']),
  PodSpec: new Set(['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace']),
  Container: new Set(['stdin', 'stdinOnce', 'tty']),
  ScaleSpec: new Set(['replicas']),
  CoreEvent: new Set(['count']),
  Probe: new Set(['initialDelaySeconds']),
}

/**
 * Reads a body as its type: refuses what Go's decoder refuses, drops what it does not know (and names it in `unknown`), and leaves out what Go would
 * leave out when it writes the object again.
 */
export function decode(type: Struct, body: Json): { readonly object: Json; readonly unknown: readonly string[] } {
  const decoding: Decoding = { unknown: [] }
  return { object: structure(type, body, '', decoding), unknown: decoding.unknown }
}

function structure(type: Struct, body: Json, path: string, decoding: Decoding): Json {
  const out: Json = {}
  const zero = zeroIsAbsent[type.name]
  for (const [key, value] of Object.entries(body)) {
    const field = type.fields.get(key)
    if (!field) {
      decoding.unknown.push(`unknown field "${path === '' ? key : `${path}.${key}`}"`)
      continue
    }
    if (value === null || value === undefined) continue
    const read = decodeValue(field, value, path === '' ? key : `${path}.${key}`, decoding, type.name)
    if (
      read === undefined ||
      (read === '' && !emptyMatters.has(key) && !emptyMatters.has(`${type.name}.${key}`)) ||
      (zero?.has(key) && (read === 0 || read === false))
    )
      continue
    out[key] = read
  }
  return out
}

function decodeValue(type: Type, value: unknown, path: string, decoding: Decoding, owner: string): unknown {
  const mismatch = (go: string) =>
    new DecodeError(
      `json: cannot unmarshal ${jsonType(value)} into Go struct field ${owner}.${path.replace(/\[\d+\]/g, '')} of type ${go}`,
      /^(bool|int\d+)$/.exec(go)?.[0],
    )
  switch (type.of) {
    case 'struct':
      if (!isJson(value)) throw mismatch(`v1.${type.name}`)
      return structure(type, value, path, decoding)
    case 'map': {
      if (!isJson(value)) throw mismatch('map[string]string')
      const entries = Object.entries(value).flatMap(([key, item]) =>
        item === null
          ? type.element.of === 'scalar' && type.element.name === 'string'
            ? [[key, '']]
            : []
          : [[key, decodeValue(type.element, item, path, decoding, owner)]],
      )
      return entries.length === 0 ? undefined : Object.fromEntries(entries)
    }
    case 'list': {
      if (!Array.isArray(value))
        throw mismatch(
          `[]${type.element.of === 'scalar' ? type.element.name : type.element.of === 'struct' ? `v1.${type.element.name}` : 'interface {}'}`,
        )
      if (value.length === 0) return undefined
      return value.map((item, at) =>
        item === null ? (type.element.of === 'struct' ? {} : '') : decodeValue(type.element, item, `${path}[${at}]`, decoding, owner),
      )
    }
    case 'scalar':
      return scalar(type.name, value, mismatch)
  }
}

const quantity = /^[+-]?(\d+\.?\d*|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$/
const layouts: Readonly<Record<string, RegExp>> = {
  time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  microtime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/,
}

function scalar(name: string, value: unknown, mismatch: (go: string) => DecodeError): unknown {
  switch (name) {
    case 'string':
    case 'boolean':
      if (typeof value !== name) throw mismatch(goType[name] ?? name)
      return value
    case 'int32':
    case 'int64': {
      const limit = name === 'int32' ? 2 ** 31 : 2 ** 63
      if (typeof value !== 'number') throw mismatch(name)
      if (!Number.isInteger(value) || value >= limit || value < -limit)
        throw new DecodeError(mismatch(name).message.replace('unmarshal number', `unmarshal number ${value}`))
      return value
    }
    case 'double':
      if (typeof value !== 'number') throw mismatch('float64')
      return value
    case 'bytes': {
      if (typeof value !== 'string') throw mismatch('[]uint8')
      const clean = value.replace(/[\r\n]/g, '')
      const bad =
        /[^A-Za-z0-9+/=]/.exec(clean)?.index ??
        (clean.length % 4 === 0 && !/=[^=]|={3,}/.test(clean) ? -1 : clean.replace(/=+$/, '').length)
      if (bad >= 0) throw new DecodeError(`illegal base64 data at input byte ${bad}`)
      return clean
    }
    case 'time':
    case 'microtime':
      if (typeof value !== 'string') throw mismatch('string')
      return instant(value, name)
    case 'quantity':
      if (typeof value === 'number') return String(value)
      if (typeof value !== 'string') throw mismatch('string')
      if (!quantity.test(value))
        throw new DecodeError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
      return value
    case 'int-or-string':
      if (typeof value === 'number' ? !Number.isInteger(value) : typeof value !== 'string') throw mismatch('int32')
      return value
    default:
      return value
  }
}

/** A time in the wire's form; what is none is refused in the words of Go's parser. */
export function instant(text: string, name: 'time' | 'microtime'): string {
  const layout = name === 'time' ? '2006-01-02T15:04:05Z07:00' : '2006-01-02T15:04:05.000000Z07:00'
  const at = Date.parse(text)
  if (layouts[name]?.test(text) && !Number.isNaN(at)) return name === 'time' ? `${new Date(at).toISOString().slice(0, 19)}Z` : text
  const [rest, part] = whatIsLeft(text, name)
  throw new DecodeError(`parsing time "${text}" as "${layout}": cannot parse "${rest}" as "${part}"`)
}

function whatIsLeft(text: string, name: 'time' | 'microtime'): readonly [string, string] {
  const parts: readonly (readonly [string, RegExp])[] = [
    ['2006', /^\d{4}/],
    ['-', /^-/],
    ['01', /^\d\d/],
    ['-', /^-/],
    ['02', /^\d\d/],
    ['T', /^T/],
    ['15', /^\d\d/],
    [':', /^:/],
    ['04', /^\d\d/],
    [':', /^:/],
    ['05', /^\d\d/],
    ...(name === 'microtime' ? ([['.000000', /^\.\d{6}/]] as const) : []),
    ['Z07:00', /^(Z|[+-]\d\d:\d\d)/],
  ]
  let rest = text
  for (const [part, pattern] of parts) {
    const found = pattern.exec(rest)
    if (!found) return [rest, part]
    rest = rest.slice(found[0].length)
  }
  return [rest, '']
}
