import { kindOf } from '../kinds/kinds.ts'
import { validateMetadata } from '../naming.ts'
import { ownersFor, recordUpdate } from '../ownership/managed-fields.ts'
import { groupVersion, type Resource } from '../resources.ts'
import { copy, isJson, type Json, same } from '../schema/json.ts'
import { badRequest, conflict, modified } from '../status.ts'
import type { KubeObject } from '../types.ts'
import { present, stored as storedAs } from './forms.ts'
import { decoding, read, refuse, sameIdentity, stored, typed } from './reading.ts'
import type { Result, Write, Writing } from './requests.ts'

/** PUT: a whole object in place of the stored one. */
export function update(
  writing: Writing,
  resource: Resource,
  namespace: string | undefined,
  name: string,
  body: Json,
  write: Write,
): Result {
  const { object: wanted, warnings } = decoding(resource, () => read(resource, body, write))
  if (!wanted.metadata.name) throw badRequest(`the name of the object () does not match the name on the URL (${name})`)
  sameIdentity(wanted, namespace, name)
  const old = stored(writing.store, resource, namespace, name)
  if (wanted.metadata.uid && wanted.metadata.uid !== old.metadata.uid) {
    const key = `/registry/${resource.resource}/${namespace ? `${namespace}/` : ''}${name}`
    throw conflict(
      resource,
      name,
      `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${wanted.metadata.uid}, UID in object meta: ${old.metadata.uid}`,
    )
  }
  return replace(writing, resource, old, wanted, write, warnings)
}

/** Writes what the client wants in place of what is stored. */
export function replace(
  { store, around }: Writing,
  resource: Resource,
  old: KubeObject,
  wanted: KubeObject,
  write: Write,
  warnings: readonly string[],
  managed?: Json[],
): Result {
  const { name } = old.metadata
  const home = storedAs(resource)
  const kind = kindOf(resource)
  const version = wanted.metadata.resourceVersion
  if (version && version !== old.metadata.resourceVersion) throw modified(resource, name)
  const onlyStatus = write.subresource === 'status'
  const object = prepare(resource, old, wanted, write)
  if (!onlyStatus && write.subresource !== 'finalize') kind.update?.(object, old)
  kind.default?.(object)
  const causes = [
    ...validateMetadata(object.metadata),
    ...(kind.validate?.(object, onlyStatus ? undefined : old) ?? []),
    ...(onlyStatus ? [] : (kind.validateUpdate?.(object, old) ?? [])),
  ]
  if (write.subresource === undefined || write.subresource === 'scale') refuse(home, name, causes, warnings)
  const annotated =
    kind.generation === 'spec and annotations' && !onlyStatus && !same(object.metadata.annotations ?? {}, old.metadata.annotations ?? {})
  if (kind.generation && (annotated || !same(withoutStatus(object), withoutStatus(old))))
    object.metadata.generation = (old.metadata.generation ?? 1) + 1
  const writer = {
    manager: write.manager,
    operation: 'Update' as const,
    apiVersion: groupVersion(resource),
    subresource: write.subresource ?? '',
  }
  const metadata = write.subresource === undefined ? ownersFor({ ...old.metadata }, { ...wanted.metadata }) : old.metadata
  const base = { ...old, metadata } as KubeObject
  const fields = managed ?? recordUpdate(typed(resource), present(resource, base), present(resource, object), writer, around.now())
  if (fields.length > 0) object.metadata.managedFields = fields
  else delete object.metadata.managedFields
  kind.gated?.(object)
  if (same(timeless(object), timeless(old))) return { object: old, warnings }
  const said = [...warnings, ...(kind.warnings?.(object) ?? [])]
  if (write.dryRun) return { object, warnings: said }
  if (object.metadata.deletionTimestamp && isFree(object)) return { object: store.remove(home, object), warnings: said }
  return { object: store.put(home, object), warnings: said }
}

const withoutStatus = ({ metadata: _, status: __, ...rest }: KubeObject) => rest
const timeless = (object: KubeObject) => ({
  ...object,
  metadata: {
    ...object.metadata,
    resourceVersion: '',
    managedFields: (object.metadata.managedFields ?? []).map((entry) => (isJson(entry) ? { ...entry, time: '' } : entry)),
  },
})

/** Nothing holds the object back any more. */
export const isFree = (object: KubeObject) =>
  (object.metadata.finalizers ?? []).length === 0 &&
  !(
    object.kind === 'Namespace' &&
    isJson(object['spec']) &&
    Array.isArray(object['spec']['finalizers']) &&
    object['spec']['finalizers'].length > 0
  ) &&
  !(object.kind === 'Pod' && (object.metadata.deletionGracePeriodSeconds ?? 0) > 0)

/** What an update stores: the client's object, less what only the server writes. */
export function prepare(resource: Resource, old: KubeObject, wanted: KubeObject, write: Write): KubeObject {
  const kept = {
    uid: old.metadata.uid,
    creationTimestamp: old.metadata.creationTimestamp,
    resourceVersion: old.metadata.resourceVersion,
    generation: old.metadata.generation,
    deletionTimestamp: old.metadata.deletionTimestamp,
    deletionGracePeriodSeconds: old.metadata.deletionGracePeriodSeconds,
    name: old.metadata.name,
    namespace: old.metadata.namespace,
    managedFields: old.metadata.managedFields,
    generateName: old.metadata.generateName,
  }
  const metadata = Object.fromEntries(
    Object.entries({ ...wanted.metadata, ...kept }).filter(([, value]) => value !== undefined),
  ) as unknown as KubeObject['metadata']
  const hasStatus = resource.subresources.some(({ name }) => name === 'status')
  if (write.subresource === 'status') {
    const labels = old.metadata.labels
    const { labels: _, ...rest } = metadata
    return copy({ ...old, metadata: labels ? { ...rest, labels } : rest, status: wanted['status'] ?? {} })
  }
  if (write.subresource === 'finalize') return copy({ ...old, metadata, spec: wanted['spec'] })
  const { status: _, ...rest } = wanted
  return copy({
    ...(hasStatus ? rest : wanted),
    metadata,
    ...(hasStatus && old['status'] !== undefined ? { status: old['status'] } : {}),
  } as KubeObject)
}
