import { isJson, type Json, same } from '../schema/json.ts'
import { itemKey, type Type } from '../schema/schema.ts'

/** A set of fields as a tree. `member`: the place itself is in the set, not only what is below it. */
export interface Fields {
  member: boolean
  readonly below: Map<string, Fields>
}

export const none = (): Fields => ({ member: false, below: new Map() })
export const isEmpty = (fields: Fields): boolean => !fields.member && [...fields.below.values()].every(isEmpty)

const combine = (a: Fields, b: Fields, member: (a: boolean, b: boolean) => boolean): Fields => {
  const below = new Map<string, Fields>()
  for (const key of new Set([...a.below.keys(), ...b.below.keys()])) {
    const child = combine(a.below.get(key) ?? none(), b.below.get(key) ?? none(), member)
    if (!isEmpty(child)) below.set(key, child)
  }
  return { member: member(a.member, b.member), below }
}
export const union = (a: Fields, b: Fields) => combine(a, b, (inA, inB) => inA || inB)
export const intersection = (a: Fields, b: Fields) => combine(a, b, (inA, inB) => inA && inB)
export const difference = (a: Fields, b: Fields) => combine(a, b, (inA, inB) => inA && !inB)

/** The wire form, `fieldsV1`. */
export function toFieldsV1(fields: Fields): Json {
  const out: Json = {}
  if (fields.member && fields.below.size > 0) out['.'] = {}
  for (const [key, child] of [...fields.below].sort(([a], [b]) => (a < b ? -1 : 1))) out[key] = toFieldsV1(child)
  return out
}

export function fromFieldsV1(value: unknown): Fields {
  const fields = none()
  if (!isJson(value)) return fields
  for (const [key, child] of Object.entries(value))
    if (key === '.') fields.member = true
    else {
      const inner = fromFieldsV1(child)
      if (inner.below.size === 0) inner.member = true
      fields.below.set(key, inner)
    }
  return fields
}

/** The places in a set, as messages name them: `.spec.template.spec.containers[name="api"].image`. */
export function places(fields: Fields, path = ''): readonly string[] {
  const out = fields.member ? [path] : []
  for (const [key, child] of [...fields.below].sort(([a], [b]) => (a < b ? -1 : 1))) out.push(...places(child, path + place(key)))
  return out
}
function place(key: string): string {
  if (key.startsWith('f:')) return `.${key.slice(2)}`
  const value: unknown = JSON.parse(key.slice(2))
  if (key.startsWith('v:')) return `[=${JSON.stringify(value)}]`
  return `[${Object.entries(value as Json)
    .map(([name, at]) => `${name}=${JSON.stringify(at)}`)
    .join(',')}]`
}

interface Child {
  readonly key: string
  readonly type: Type
  readonly value: unknown
}

const open: Type = { of: 'map', element: { of: 'scalar', name: 'any' }, atomic: false }
/** A value of an open type (a custom resource's spec) is merged by its own shape. */
const shape = (type: Type, value: unknown): Type => (type.of === 'scalar' && type.name === 'any' && isJson(value) ? open : type)

/** The parts that may have owners of their own; undefined when the value has one owner. */
export function children(declared: Type, value: unknown): readonly Child[] | undefined {
  const type = shape(declared, value)
  if (type.of === 'scalar' || type.atomic) return undefined
  if (type.of === 'list') {
    if (!Array.isArray(value)) return undefined
    const keys = type.keys
    if (!keys) return value.map((item) => ({ key: `v:${JSON.stringify(item)}`, type: type.element, value: item }))
    return value.filter(isJson).map((item) => ({ key: `k:${JSON.stringify(itemKey(item, keys))}`, type: type.element, value: item }))
  }
  if (!isJson(value)) return undefined
  return Object.entries(value).flatMap(([key, item]) => {
    const inner = type.of === 'map' ? type.element : type.fields.get(key)
    return inner && item !== undefined && item !== null ? [{ key: `f:${key}`, type: inner, value: item }] : []
  })
}

/** The fields that an applied configuration names. */
export function fieldsOf(type: Type, value: unknown): Fields {
  const parts = children(type, value)
  if (!parts || (parts.length === 0 && type.of !== 'list')) return { member: true, below: new Map() }
  const fields = none()
  for (const part of parts) {
    const inner = fieldsOf(part.type, part.value)
    if (!part.key.startsWith('f:')) inner.member = true
    fields.below.set(part.key, inner)
  }
  return fields
}

/** Every field of a value that was not there before, its containers included. */
function everything(type: Type, value: unknown): Fields {
  const fields: Fields = { member: true, below: new Map() }
  for (const part of children(type, value) ?? []) fields.below.set(part.key, everything(part.type, part.value))
  return fields
}

export interface Comparison {
  readonly changed: Fields
  readonly removed: Fields
}

/** Which fields a write has set (added or modified) and which it has removed. */
export function compare(type: Type, old: unknown, now: unknown): Comparison {
  if (old === undefined || old === null)
    return { changed: now === undefined || now === null ? none() : everything(type, now), removed: none() }
  if (now === undefined || now === null) return { changed: none(), removed: everything(type, old) }
  const before = children(type, old)
  const after = children(type, now)
  if (!before || !after) return { changed: same(old, now) ? none() : { member: true, below: new Map() }, removed: none() }
  const changed = none()
  const removed = none()
  const was = new Map(before.map((part) => [part.key, part]))
  const is = new Map(after.map((part) => [part.key, part]))
  for (const key of new Set([...was.keys(), ...is.keys()])) {
    const part = is.get(key) ?? was.get(key)
    if (!part) continue
    const inner = compare(part.type, was.get(key)?.value, is.get(key)?.value)
    if (!isEmpty(inner.changed)) changed.below.set(key, inner.changed)
    if (!isEmpty(inner.removed)) removed.below.set(key, inner.removed)
  }
  return { changed, removed }
}
