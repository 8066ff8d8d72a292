import type { Clock } from '../clock.ts'

/** Facts as JSON keeps them: dates, maps and sets are marked, so that they come back as they were. */
export type Kept = { readonly value: unknown } | { readonly because: string }

class NotKept extends Error {}

const mark = '$honeydue'

const packed = (value: unknown, clock: Clock, depth = 0): unknown => {
  if (depth > 60) throw new NotKept('they are nested without an end')
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : { [mark]: 'number', value: String(value) }
  if (value === clock) return { [mark]: 'clock' }
  if (value === undefined) return { [mark]: 'undefined' }
  if (typeof value === 'bigint') return { [mark]: 'bigint', value: String(value) }
  if (typeof value !== 'object') throw new NotKept(`they hold a ${typeof value}`)
  const inner = (one: unknown) => packed(one, clock, depth + 1)
  if (Array.isArray(value)) return value.map(inner)
  if (value instanceof Date) return { [mark]: 'date', value: value.toISOString() }
  if (value instanceof Map) return { [mark]: 'map', value: [...value].map((pair) => pair.map(inner)) }
  if (value instanceof Set) return { [mark]: 'set', value: [...value].map(inner) }
  const kind = Object.getPrototypeOf(value) as unknown
  if (kind !== Object.prototype && kind !== null)
    throw new NotKept(`they hold a ${value.constructor?.name ?? 'thing'}, which is kept nowhere`)
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inner(one)]))
}

/** What a run was planned on, to take it back by later; or why it cannot be kept: a secret, or what exists only while a program runs. */
export const keepFacts = (facts: unknown, clock: Clock): Kept => {
  try {
    return { value: packed(facts, clock) }
  } catch (error) {
    if (error instanceof NotKept) return { because: error.message }
    throw error
  }
}

/** The facts again. */
export const unpackFacts = (value: unknown, clock: Clock): unknown => {
  const inside = (one: unknown) => unpackFacts(one, clock)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(inside)
  const { [mark]: kind, value: inner } = value as Readonly<Record<string, unknown>>
  const list = Array.isArray(inner) ? inner : []
  switch (kind) {
    case 'clock':
      return clock
    case 'undefined':
      return undefined
    case 'number':
      return Number(inner)
    case 'bigint':
      return BigInt(String(inner))
    case 'date':
      return new Date(String(inner))
    case 'map':
      return new Map(list.map((pair) => (pair as readonly unknown[]).map(inside) as [unknown, unknown]))
    case 'set':
      return new Set(list.map(inside))
    default:
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inside(one)]))
  }
}
