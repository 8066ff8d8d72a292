import { goValue } from '../schema/go-value.ts'
import { isJson, type Json, same } from '../schema/json.ts'
import type { Type } from '../schema/schema.ts'
import { rejected, unclassified } from '../status.ts'

// Where the merge key of a strategic merge patch is not the key of server-side apply. null: the list is replaced whole.
const mergeKeys: Readonly<Record<string, string>> = {
  ContainerPort: 'containerPort',
  ServicePort: 'port',
  TopologySpreadConstraint: 'topologyKey',
}
const keyOf = (type: Type): string | undefined => {
  if (type.of !== 'list' || !type.keys) return undefined
  const named = type.element.of === 'struct' ? mergeKeys[type.element.name] : undefined
  return named ?? type.keys[0]
}
const any: Type = { of: 'scalar', name: 'any' }
const fieldType = (type: Type, key: string): Type =>
  type.of === 'struct' ? (type.fields.get(key) ?? any) : type.of === 'map' ? type.element : any

/** Kubernetes' own patch: lists with a merge key are merged by it, `$patch`, `$retainKeys`, `$setElementOrder` and `$deleteFromPrimitiveList` direct it. */
export function strategicMerge(type: Type, target: unknown, patch: unknown): unknown {
  if (!isJson(patch)) return patch
  const directive = patch['$patch']
  if (directive === 'replace') return clean(type, without(patch, '$patch'))
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge')
    throw unclassified(`unknown patch type: ${goValue(directive)} in map: ${goValue(patch)}`)
  const out: Json = isJson(target) ? { ...target } : {}
  const retain = patch['$retainKeys']
  if (Array.isArray(retain)) for (const key of Object.keys(out)) if (!retain.includes(key)) delete out[key]
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$patch' || key === '$retainKeys' || key.startsWith('$setElementOrder/')) continue
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const field = key.slice('$deleteFromPrimitiveList/'.length)
      if (Array.isArray(out[field]) && Array.isArray(value))
        out[field] = out[field].filter((item) => !value.some((gone) => same(gone, item)))
      continue
    }
    const inner = fieldType(type, key)
    if (value === null) delete out[key]
    else if (Array.isArray(value)) out[key] = mergeList(inner, out[key], value)
    else if (isJson(value)) out[key] = strategicMerge(inner, out[key], value)
    else out[key] = value
  }
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith('$setElementOrder/') || !Array.isArray(order)) continue
    const field = key.slice('$setElementOrder/'.length)
    const before = isJson(target) ? target[field] : undefined
    if (Array.isArray(out[field]))
      out[field] = inOrder(out[field], order, Array.isArray(before) ? before : [], keyOf(fieldType(type, field)))
  }
  return out
}

const without = (value: Json, key: string): Json => Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))

/** Resolves directives and nulls in what is put where nothing was. */
function clean(type: Type, value: unknown): unknown {
  if (Array.isArray(value)) return value
  return strategicMerge(type, undefined, value)
}

function mergeList(type: Type, target: unknown, patch: readonly unknown[]): unknown[] {
  const element = type.of === 'list' ? type.element : any
  // Where nothing was, the patch is taken as it is, less its directives.
  if (!Array.isArray(target)) return patch.filter((item) => !(isJson(item) && '$patch' in item)).map((item) => clean(element, item))
  const key = keyOf(type)
  if (key === undefined) {
    if (type.of === 'list' && type.set) return [...target, ...patch.filter((item) => !target.some((has) => same(has, item)))]
    return [...patch]
  }
  const all = [...target, ...patch]
  if (all.some(Array.isArray)) throw rejected()
  if (!all.every(isJson)) throw unclassified(`list element types are not identical: ${goValue([target, patch])}`)
  if (patch.some((item) => isJson(item) && item['$patch'] === 'replace'))
    return patch.filter((item) => !(isJson(item) && item['$patch'] === 'replace')).map((item) => clean(element, item))
  const out: unknown[] = [...target]
  for (const item of patch.filter(isJson)) {
    const value = item[key]
    if (value === undefined) throw unclassified(`map: ${goValue(item)} does not contain declared merge key: ${key}`)
    const at = out.findIndex((has) => isJson(has) && same(has[key], value))
    if (item['$patch'] === 'delete') {
      if (at >= 0) out.splice(at, 1)
    } else if (at >= 0) out[at] = strategicMerge(element, out[at], item)
    else out.push(clean(element, item))
  }
  return inOrder(out, patch, target, key)
}

/**
 * Puts the items that a patch names in its order, and weaves those that only the server has in between: one of these goes first only where the server had
 * it before the patch's next item.
 */
function inOrder(items: readonly unknown[], order: readonly unknown[], server: readonly unknown[], key: string | undefined): unknown[] {
  const is = (item: unknown) => (wanted: unknown) =>
    key && isJson(item) && isJson(wanted) ? same(item[key], wanted[key]) : same(item, wanted)
  const rank = (item: unknown) => order.findIndex(is(item))
  const place = (item: unknown) => server.findIndex(is(item))
  const named = items.filter((item) => rank(item) >= 0).sort((a, b) => rank(a) - rank(b))
  const others = items.filter((item) => rank(item) < 0).sort((a, b) => place(a) - place(b))
  const out: unknown[] = []
  while (named.length > 0 && others.length > 0) {
    const [mine, theirs] = [place(named[0]), place(others[0])]
    out.push(mine >= 0 && theirs >= 0 && theirs < mine ? others.shift() : named.shift())
  }
  return [...out, ...named, ...others]
}
