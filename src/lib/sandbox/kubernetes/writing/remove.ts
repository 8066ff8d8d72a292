import { kindOf } from '../kinds/kinds.ts'
import type { Resource } from '../resources.ts'
import { copy, isJson, same } from '../schema/json.ts'
import { conflict } from '../status.ts'
import type { KubeObject } from '../types.ts'
import { stored } from './forms.ts'
import { isFree } from './replace.ts'
import type { Deletion, Writing } from './requests.ts'

/** Deletes an object, or marks it as one that is to go when its grace and its finalizers are over. */
export function remove(
  { store, around }: Writing,
  resource: Resource,
  old: KubeObject,
  deletion: Deletion,
): { object: KubeObject; gone: boolean } {
  const { metadata } = old
  const home = stored(resource)
  const mismatch = (what: string, wanted: string, has: string | undefined, happened: string) =>
    conflict(
      { group: resource.group, resource: resource.kind },
      metadata.name,
      `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${has}). The object might have been ${happened}`,
    )
  if (deletion.uid && deletion.uid !== metadata.uid) throw mismatch('UID', deletion.uid, metadata.uid, 'deleted and then recreated')
  if (deletion.resourceVersion && deletion.resourceVersion !== metadata.resourceVersion)
    throw mismatch('ResourceVersion', deletion.resourceVersion, metadata.resourceVersion, 'modified')
  const finalizers = new Set(metadata.finalizers ?? [])
  const policy = deletion.propagationPolicy
  if (policy === 'Foreground') finalizers.add('foregroundDeletion')
  if (policy === 'Orphan') finalizers.add('orphan')
  const graceful = grace(resource, old, deletion)
  const next = copy(old)
  if (finalizers.size > 0) next.metadata.finalizers = [...finalizers]
  if (!metadata.deletionTimestamp || graceful < (metadata.deletionGracePeriodSeconds ?? 0)) {
    next.metadata.deletionTimestamp = new Date(Date.parse(around.now()) + graceful * 1000).toISOString().replace(/\.\d+Z$/, 'Z')
    next.metadata.deletionGracePeriodSeconds = graceful
    if (kindOf(resource).generation) next.metadata.generation = (metadata.generation ?? 1) + 1
    if (resource.kind === 'Namespace') next['status'] = { phase: 'Terminating' }
  }
  const gone = isFree(next)
  // What goes at once was never seen being deleted; only a pod has had its moment of grace.
  if (gone && resource.kind !== 'Pod' && !metadata.deletionTimestamp) {
    if (!deletion.dryRun) store.remove(home, old)
    return { object: old, gone }
  }
  if (deletion.dryRun) return { object: gone ? old : next, gone }
  if (gone) return { object: store.remove(home, next), gone }
  return { object: same(next, old) ? old : store.put(home, next), gone }
}

function grace(resource: Resource, old: KubeObject, deletion: Deletion): number {
  if (resource.kind !== 'Pod') return 0
  const spec = isJson(old['spec']) ? old['spec'] : {}
  const phase = isJson(old['status']) ? old['status']['phase'] : undefined
  if (!spec['nodeName'] || phase === 'Succeeded' || phase === 'Failed') return 0
  const wanted = Math.max(0, deletion.gracePeriodSeconds ?? Number(spec['terminationGracePeriodSeconds'] ?? 30))
  return Math.min(wanted, old.metadata.deletionTimestamp ? (old.metadata.deletionGracePeriodSeconds ?? wanted) : wanted)
}
