import { isJson, type Json } from '../schema/json.ts'
import type { Struct, Type } from '../schema/schema.ts'
import { StatusError } from '../status.ts'
import { children, compare, difference, type Fields, fieldsOf, intersection, isEmpty, none, places, union } from './field-set.ts'
import { type Owner, owned, readOwners, sameWriter, type Writer, writeOwners } from './managed-fields.ts'

/** Merges a configuration into the live object: maps and keyed lists by their keys, all else replaced. */
function merge(type: Type, live: unknown, config: unknown): unknown {
  if (config === undefined || config === null) return live
  const parts = children(type, config)
  if (!parts || live === undefined || live === null || !children(type, live)) return config
  if (Array.isArray(config) && Array.isArray(live)) return mergeList(type, live, config)
  if (!isJson(config) || !isJson(live)) return config
  const out: Json = { ...live }
  for (const part of parts) out[part.key.slice(2)] = merge(part.type, live[part.key.slice(2)], part.value)
  return out
}

function mergeList(type: Type, live: readonly unknown[], config: readonly unknown[]): readonly unknown[] {
  if (type.of !== 'list') return config
  const applied = new Map((children(type, config) ?? []).map((part) => [part.key, part.value]))
  const kept = (children(type, live) ?? []).map((part) => {
    if (!applied.has(part.key)) return part.value
    const value = merge(type.element, part.value, applied.get(part.key))
    applied.delete(part.key)
    return value
  })
  return [...kept, ...applied.values()]
}

/** Removes the fields of the set from a value. */
function without(type: Type, value: unknown, gone: Fields, keep: Fields): unknown {
  const parts = children(type, value)
  if (!parts) return value
  const rest = parts.flatMap((part) => {
    const fields = gone.below.get(part.key)
    if (!fields) return [part]
    const kept = keep.below.get(part.key) ?? none()
    if (fields.member && isEmpty(kept)) return []
    const left = without(part.type, part.value, fields, kept)
    return isJson(left) && Object.keys(left).length === 0 && isEmpty(kept) ? [] : [{ ...part, value: left }]
  })
  if (Array.isArray(value)) return rest.map((part) => part.value)
  return Object.fromEntries(rest.map((part) => [part.key.slice(2), part.value]))
}

export interface Applied {
  readonly object: Json
  readonly managedFields: Json[]
}

/** Server-side apply: merges, drops what this manager no longer names and nobody else owns, and refuses to take another's field unless forced or named in `takes`. */
export function applyConfiguration(
  type: Struct,
  live: Json,
  config: Json,
  writer: Writer,
  force: boolean,
  time: string,
  complete: (object: Json) => Json,
  takes: Json = {},
): Applied {
  const owners = readOwners(isJson(live['metadata']) ? live['metadata'] : {})
  const last = owners.find((owner) => sameWriter(owner, writer))
  const others = owners.filter((owner) => owner !== last)
  const named = owned(fieldsOf(type, config), true)
  const foreign = others.reduce((all, owner) => union(all, owner.fields), none())
  const keep = union(named, foreign)
  const dropped = difference(last?.fields ?? none(), keep)
  const merged = merge(type, live, config)
  const object = complete((isEmpty(dropped) ? merged : without(type, merged, dropped, keep)) as Json)
  const { changed, removed } = compare(type, live, object)
  const taken = others
    .map((owner) => ({ owner, fields: intersection(intersection(owner.fields, owned(changed)), named) }))
    .filter(({ fields }) => !isEmpty(fields))
  // What has been changed since is nobody's to take.
  const free = difference(fieldsOf(type, takes), compare(type, live, takes).changed)
  const refused = taken.map(({ owner, fields }) => ({ owner, fields: difference(fields, free) })).filter(({ fields }) => !isEmpty(fields))
  if (refused.length > 0 && !force) throw conflicts(refused)
  const next: Owner[] = others.map((owner) => ({
    ...owner,
    fields: difference(difference(owner.fields, intersection(owner.fields, owned(changed))), owned(removed)),
  }))
  const unchanged = isEmpty(owned(changed)) && isEmpty(owned(removed))
  next.push({ ...writer, time: unchanged ? (last?.time ?? '') : time, fields: named })
  return { object, managedFields: writeOwners(next) }
}

function conflicts(taken: readonly { readonly owner: Owner; readonly fields: Fields }[]): StatusError {
  const by = (owner: Owner) =>
    `"${owner.manager}"${owner.subresource ? ` with subresource "${owner.subresource}"` : ''}${owner.operation === 'Update' ? ` using ${owner.apiVersion}` : ''}`
  const causes = taken.flatMap(({ owner, fields }) =>
    places(fields).map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${by(owner)}`, field })),
  )
  const lines = taken.map(({ owner, fields }) => {
    const at = places(fields)
    return at.length === 1
      ? `conflict with ${by(owner)}: ${at[0]}`
      : `conflicts with ${by(owner)}:\n${at.map((field) => `- ${field}`).join('\n')}`
  })
  const count = causes.length
  return new StatusError(409, 'Conflict', `Apply failed with ${count} conflict${count === 1 ? '' : 's'}: ${lines.join('\n')}`, { causes })
}
