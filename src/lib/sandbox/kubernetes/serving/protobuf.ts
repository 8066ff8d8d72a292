import { fieldNumbers } from '../schema/field-numbers.ts'
import { isJson, type Json } from '../schema/json.ts'
import { type Struct, struct, type Type } from '../schema/schema.ts'
import { badRequest } from '../status.ts'

interface Numbered {
  readonly name: string
  /** The message that holds several fields of the struct itself. */
  readonly inline?: string
}

const numbers = new Map<string, ReadonlyMap<number, Numbered>>()
for (const block of fieldNumbers.trim().split(/\n(?=\S)/)) {
  const [name = '', ...fields] = block.split(/\s+/)
  numbers.set(
    name,
    new Map(
      fields.map((field) => {
        const [of = '', number] = field.split('=')
        return [Number(number), of.startsWith('+') ? { name: '', inline: of.slice(1) } : { name: of }]
      }),
    ),
  )
}

const broken = () => badRequest('the object provided is unrecognized: proto: illegal wireType or unexpected EOF')
const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00])
const maxDepth = 60

interface Field {
  readonly number: number
  readonly varint: bigint
  readonly bytes: Buffer
}

/** The fields of a message as they come; 400 for what is none. */
function* read(message: Buffer): Generator<Field> {
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++]
      if (byte === undefined) throw broken()
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
    throw broken()
  }
  while (at < message.length) {
    const tag = varint()
    const number = Number(tag >> 3n)
    const wire = Number(tag & 7n)
    if (number === 0) throw broken()
    if (wire === 0) {
      yield { number, varint: BigInt.asIntN(64, varint()), bytes: Buffer.alloc(0) }
      continue
    }
    const length = wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? Number(varint()) : -1
    if (length < 0 || at + length > message.length) throw broken()
    yield { number, varint: 0n, bytes: message.subarray(at, at + length) }
    at += length
  }
}

const only = (message: Buffer, number: number) => [...read(message)].filter((field) => field.number === number).at(-1)

/** The object inside Kubernetes' protobuf envelope, as JSON; `typeName` names its type by the kind that the envelope says. */
export function fromProtobuf(body: Buffer, typeName: (apiVersion: string, kind: string) => string | undefined): Json {
  if (!body.subarray(0, 4).equals(magic))
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  const envelope = body.subarray(4)
  const meta = only(envelope, 1)?.bytes ?? Buffer.alloc(0)
  const apiVersion = only(meta, 1)?.bytes.toString() ?? ''
  const kind = only(meta, 2)?.bytes.toString() ?? ''
  const name = typeName(apiVersion, kind)
  if (name === undefined) return { apiVersion, kind }
  return { apiVersion, kind, ...message(struct(name), name, only(envelope, 2)?.bytes ?? Buffer.alloc(0), 0) }
}

function message(type: Struct, name: string, bytes: Buffer, depth: number): Json {
  if (depth > maxDepth) throw badRequest('exceeded max depth')
  const out: Json = {}
  const known = numbers.get(name)
  for (const field of read(bytes)) {
    const numbered = known?.get(field.number)
    if (!numbered) continue
    if (numbered.inline) Object.assign(out, message(type, numbered.inline, field.bytes, depth + 1))
    else {
      const inner = type.fields.get(numbered.name)
      if (inner) out[numbered.name] = put(inner, out[numbered.name], field, depth)
    }
  }
  return out
}

/** A field's value, added to what earlier fields of the same number have given. */
function put(type: Type, before: unknown, field: Field, depth: number): unknown {
  if (type.of === 'list') return [...(Array.isArray(before) ? before : []), value(type.element, field, depth)]
  if (type.of !== 'map') return value(type, field, depth)
  const entry = [...read(field.bytes)]
  const key = entry.find(({ number }) => number === 1)?.bytes.toString() ?? ''
  const item = entry.find(({ number }) => number === 2) ?? { number: 2, varint: 0n, bytes: Buffer.alloc(0) }
  return { ...(isJson(before) ? before : {}), [key]: value(type.element, item, depth) }
}

function value(type: Type, { varint, bytes }: Field, depth: number): unknown {
  if (type.of === 'struct') return message(type, type.name, bytes, depth + 1)
  // A list in a map is a message with its items at 1.
  if (type.of !== 'scalar')
    return [...read(bytes)]
      .filter(({ number }) => number === 1)
      .map((item) => (type.of === 'list' ? value(type.element, item, depth + 1) : null))
  switch (type.name) {
    case 'boolean':
      return varint !== 0n
    case 'int32':
    case 'int64':
      return Number(varint)
    case 'double':
      return bytes.length === 8 ? bytes.readDoubleLE() : 0
    case 'bytes':
      return bytes.toString('base64')
    case 'quantity':
      return only(bytes, 1)?.bytes.toString() ?? '0'
    case 'int-or-string':
      return only(bytes, 1)?.varint === 1n ? (only(bytes, 3)?.bytes.toString() ?? '') : Number(only(bytes, 2)?.varint ?? 0n)
    case 'time':
    case 'microtime': {
      const seconds = Number(only(bytes, 1)?.varint ?? 0n)
      const nanos = Number(only(bytes, 2)?.varint ?? 0n)
      // Go's zero time is no time.
      if (seconds <= 0 || seconds > 253_402_300_799) return null
      const text = new Date(seconds * 1000).toISOString().slice(0, 19)
      return type.name === 'time' ? `${text}Z` : `${text}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`
    }
    case 'fields':
    case 'any': {
      const raw = only(bytes, 1)?.bytes.toString() ?? ''
      try {
        return JSON.parse(raw)
      } catch {
        return null
      }
    }
    default:
      return bytes.toString()
  }
}
