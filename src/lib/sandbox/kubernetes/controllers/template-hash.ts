import { podTemplateFields } from './pod-template-fields.ts'

interface Field {
  readonly go: string
  readonly json: string
  readonly type: string
}

const parsed = new Map<string, readonly Field[]>()
const fieldsOf = (struct: string): readonly Field[] | undefined => {
  const known = parsed.get(struct)
  if (known || podTemplateFields[struct] === undefined) return known
  const fields = podTemplateFields[struct].split(', ').map((text) => {
    const [name = '', type = ''] = text.split(' ')
    const [go = '', json] = name.split('=')
    return { go, json: json ?? `${go[0]?.toLowerCase()}${go.slice(1)}`, type }
  })
  parsed.set(struct, fields)
  return fields
}

const plain = new Set(['string', 'bool', 'int32', 'int64', 'byte'])
const names = new Map<string, string>()
const qualified = (type: string): string => {
  const known = names.get(type) ?? goName(type)
  names.set(type, known)
  return known
}
const goName = (type: string): string => {
  const [, prefix = '', base = ''] = /^((?:\[\]|\*|map\[\w+\])*)(.*)$/.exec(type) ?? []
  if (base.startsWith('meta.')) return `${prefix}v1.${base.slice(5)}`
  return plain.has(base) || base.includes('.') ? type : `${prefix}v1.${base}`
}
const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
/** A resource.Quantity as ParseQuantity leaves it: value and scale, and the text where that is canonical already. */
function quantity(value: unknown): string {
  const text = String(value ?? '')
  const [, number = '0', fraction = '', suffix = ''] = /^([+-]?\d*)(?:\.(\d*))?([A-Za-z]*)$/.exec(text) ?? []
  const power = binary.indexOf(suffix)
  const shifted = `${number}${fraction}`
  const amount = power >= 0 ? BigInt(number || '0') << BigInt(10 * (power + 1)) : BigInt(shifted || '0')
  const scale = power >= 0 ? 0 : (decimal[suffix] ?? 0) - fraction.length
  const canonical =
    text !== '' &&
    (text === '0' ||
      (power >= 0 ? BigInt(number || '0') % 8n !== 0n : scale % 3 === 0 && !shifted.endsWith('000') && !shifted.startsWith('0')))
  const format = text === '' ? '' : power >= 0 ? 'BinarySI' : 'DecimalSI'
  return `{i:(resource.int64Amount){value:(int64)${amount} scale:(resource.Scale)${scale}} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)${canonical ? text : ''} Format:(resource.Format)${format}}`
}
const time = (value: unknown): string => {
  const ext = typeof value === 'string' ? Math.floor(Date.parse(value) / 1000) + 62_135_596_800 : 0
  return `{Time:(time.Time){wall:(uint64)0 ext:(int64)${ext} loc:(*time.Location)<nil>}}`
}
const special: Readonly<Record<string, (value: unknown) => string>> = {
  'resource.Quantity': quantity,
  Time: time,
  'intstr.IntOrString': (value) =>
    `{Type:(intstr.Type)${typeof value === 'string' ? 1 : 0} IntVal:(int32)${typeof value === 'number' ? value : 0} StrVal:(string)${typeof value === 'string' ? value : ''}}`,
}

/** A value as Go's spew prints it under `%#v`, with its type in front unless `bare`. `value` stays undefined for what JSON leaves out. */
function dump(value: unknown, type: string, bare = false): string {
  const shown = bare ? '' : `(${type === 'Time' ? 'v1.Time' : type === 'ResourceList' ? 'v1.ResourceList' : qualified(type)})`
  if (type.startsWith('*'))
    return value === undefined || value === null ? (bare ? '<nil>' : `${shown}<nil>`) : `${shown}${dump(value, type.slice(1), true)}`
  if (type.startsWith('[]'))
    return `${shown}${Array.isArray(value) ? `[${value.map((item) => dump(item, type.slice(2), true)).join(' ')}]` : '<nil>'}`
  const map = type === 'ResourceList' ? 'resource.Quantity' : /^map\[string\](.*)$/.exec(type)?.[1]
  if (map !== undefined) {
    if (value === undefined || value === null) return `${shown}<nil>`
    return `${shown}map[${Object.entries(record(value))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${key}:${dump(item, map, true)}`)
      .join(' ')}]`
  }
  const custom = special[type]
  if (custom) return shown + custom(value)
  const fields = fieldsOf(type)
  if (!fields) return `${shown}${String(value ?? (type === 'bool' ? false : /^int|^byte/.test(type) ? 0 : ''))}`
  // An embedded struct has its name as type, and its fields lie beside the others in JSON.
  return `${shown}{${fields.map(({ go, json, type: of }) => `${go}:${dump(go === of ? (record(value)[json] === undefined || special[of] ? value : record(value)[json]) : record(value)[json], of)}`).join(' ')}}`
}

const letters = 'bcdfghjklmnpqrstvwxz2456789'

const known = new Map<string, string>()
const mostKnown = 1000

/** The pod-template-hash that the deployment controller of Kubernetes 1.34 gives this template: FNV-1a over Go's dump of the struct. */
export function templateHash(template: unknown, collisions = 0): string {
  // A template is hashed at every look at its Deployment, and seldom changes.
  const key = `${collisions} ${JSON.stringify(template)}`
  const hash = known.get(key) ?? hashOf(template, collisions)
  if (known.size >= mostKnown) known.clear()
  known.set(key, hash)
  return hash
}

function hashOf(template: unknown, collisions: number): string {
  let hash = 0x811c9dc5
  const take = (byte: number) => {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  for (const byte of Buffer.from(dump(template, 'PodTemplateSpec'))) take(byte)
  if (collisions > 0) for (const byte of [collisions & 255, (collisions >> 8) & 255, 0, 0, 0, 0, 0, 0]) take(byte)
  return [...String(hash)].map((digit) => letters[digit.charCodeAt(0) % letters.length]).join('')
}
