export type Json = Record<string, unknown>
export const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Structural equality of JSON values; the order of keys does not matter. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, at) => same(item, b[at]))
  if (!isJson(a) || !isJson(b)) return false
  const keys = Object.keys(a).filter((key) => a[key] !== undefined)
  return keys.length === Object.keys(b).filter((key) => b[key] !== undefined).length && keys.every((key) => same(a[key], b[key]))
}

/** A deep copy that may be changed. Own keys only, so that `__proto__` in a body stays a plain key. */
export function copy<T>(value: T): T {
  return copied(value) as T
}

// JSON only: structuredClone takes several times as long.
function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied)
  if (!isJson(value)) return value
  const out: Json = {}
  for (const key of Object.keys(value)) {
    if (key === '__proto__')
      Object.defineProperty(out, key, { value: copied(value[key]), configurable: true, enumerable: true, writable: true })
    else out[key] = copied(value[key])
  }
  return out
}

export function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) freeze(inner)
  }
  return value
}
