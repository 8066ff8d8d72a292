import type { FieldChange, KubeObject } from '../../systems/kube/types.ts'
import { withoutVolatile } from './manifest-changes.ts'

type Fields = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Field by field, what brings an object to what an apply would leave; a list is one field. Each with a test on what it was planned on. */
export const fieldChanges = (live: KubeObject, after: KubeObject): readonly FieldChange[] => {
  const version = { at: ['metadata', 'resourceVersion'], value: live.metadata.resourceVersion }
  const between = (from: Fields, to: Fields, at: readonly string[]): readonly FieldChange[] =>
    [...new Set([...Object.keys(from), ...Object.keys(to)])].sort().flatMap((key): readonly FieldChange[] => {
      const [one, other] = [from[key], to[key]]
      const place = [...at, key]
      if (isObject(one) && isObject(other)) return between(one, other, place)
      if (JSON.stringify(one) === JSON.stringify(other)) return []
      // Whether a field is not there is seen by what it stands in; of the object itself and of its metadata, by its version.
      const beside = at.length === 0 || at[0] === 'metadata' ? version : { at, value: from }
      return [{ at: place, from: one, to: other, test: one === undefined ? beside : { at: place, value: one } }]
    })
  return between(withoutVolatile(live) as Fields, withoutVolatile(after) as Fields, [])
}

/** The same backwards: where each still is what it was brought to. */
export const backwards = (changes: readonly FieldChange[]): readonly FieldChange[] =>
  changes.map(({ at, from, to }) => ({ at, from: to, to: from, ...(to !== undefined && { test: { at, value: to } }) }))
