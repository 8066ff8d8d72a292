import { DecodeError, decode } from './decoding.ts'
import type { Surroundings } from './kinds/kind.ts'
import { kindOf } from './kinds/kinds.ts'
import { suffix, validateMetadata, validateName } from './naming.ts'
import { applyConfiguration } from './ownership/apply.ts'
import { recordUpdate } from './ownership/managed-fields.ts'
import { jsonPatch } from './patch/json-patch.ts'
import { mergePatch } from './patch/merge-patch.ts'
import { strategicMerge } from './patch/strategic-merge.ts'
import { groupVersion, type Resource } from './resources.ts'
import { goValue } from './schema/go-value.ts'
import { copy, isJson, type Json, same } from './schema/json.ts'
import { struct } from './schema/schema.ts'
import { alreadyExists, badRequest, type Cause, conflict, forbidden, invalid, invalidValue, modified, notFound } from './status.ts'
import type { Store } from './store.ts'
import type { KubeObject } from './types.ts'

export interface Write {
  readonly manager: string
  readonly subresource?: string
  readonly dryRun?: boolean
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore'
}

export interface Result {
  readonly object: KubeObject
  readonly warnings: readonly string[]
  readonly created?: boolean
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

export interface Deletion {
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly gracePeriodSeconds?: number
  readonly uid?: string
  readonly resourceVersion?: string
  readonly dryRun?: boolean
}

/** What becomes of one write, from the decoded body to the stored object: admission, defaults, validation, field ownership. */
export interface Registry {
  get(resource: Resource, namespace: string | undefined, name: string): KubeObject
  create(resource: Resource, namespace: string | undefined, body: Json, write: Write): Result
  update(resource: Resource, namespace: string | undefined, name: string, body: Json, write: Write): Result
  patch(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    body: unknown,
    write: Write & { readonly force?: boolean },
  ): Result
  delete(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    deletion: Deletion,
  ): { readonly object: KubeObject; readonly gone: boolean }
}

// Kinds whose deletion answers with the object even when it is gone.
const returnsDeleted = new Set(['Pod', 'Service', 'PersistentVolume', 'PersistentVolumeClaim', 'ServiceAccount', 'ResourceQuota'])
export const answersWithObject = (resource: Resource) => returnsDeleted.has(resource.kind)

export function createRegistry(store: Store, around: Surroundings): Registry {
  const typed = (resource: Resource) => struct(resource.type)

  function read(resource: Resource, body: Json, write: Write): { object: KubeObject; warnings: readonly string[] } {
    const apiVersion = groupVersion(resource)
    const { object, unknown } = decode(typed(resource), body)
    if (unknown.length > 0 && write.fieldValidation === 'Strict') throw new DecodeError(`strict decoding error: ${unknown.join(', ')}`)
    const metadata = isJson(object['metadata']) ? object['metadata'] : {}
    const whole = { ...object, kind: resource.kind, apiVersion, metadata } as unknown as KubeObject
    return { object: whole, warnings: write.fieldValidation === 'Ignore' ? [] : unknown }
  }
  const decoding = <T>(resource: Resource, from: () => T): T => {
    try {
      return from()
    } catch (error) {
      if (error instanceof DecodeError)
        throw badRequest(`${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${error.message}`)
      throw error
    }
  }
  const refuse = (resource: Resource, name: string, causes: readonly Cause[]) => {
    if (causes.length > 0) throw invalid(resource, name, causes)
  }

  function create(resource: Resource, namespace: string | undefined, body: Json, write: Write, applied?: Json): Result {
    const { object, warnings } = decoding(resource, () => read(resource, body, write))
    const { metadata } = object
    if (resource.namespaced) {
      if (metadata.namespace !== undefined && metadata.namespace !== namespace)
        throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
      if (namespace !== undefined) metadata.namespace = namespace
      const home = store.get({ group: '', resource: 'namespaces' }, undefined, namespace ?? '')
      if (!home) throw notFound({ group: '', resource: 'namespaces' }, namespace ?? '')
      if (home.metadata.deletionTimestamp)
        throw forbidden(resource, metadata.name, `unable to create new content in namespace ${namespace} because it is being terminated`)
    } else delete metadata.namespace
    if (metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created')
    if (!metadata.name && metadata.generateName) metadata.name = `${metadata.generateName.slice(0, 58)}${suffix()}`
    // Without a name it is refused below, with whatever else is wrong.
    metadata.name ??= ''
    delete metadata.deletionTimestamp
    delete metadata.deletionGracePeriodSeconds
    delete metadata.managedFields
    delete metadata.generation
    metadata.uid = around.uid()
    metadata.creationTimestamp = around.now()
    const kind = kindOf(resource.kind)
    kind.default?.(object)
    kind.create?.(object, around)
    if (kind.generation) metadata.generation = 1
    refuse(resource, metadata.name ?? '', [
      ...validateName(metadata.name ?? '', kind.name),
      ...validateMetadata(metadata),
      ...(kind.validate?.(object) ?? []),
    ])
    if (store.get(resource, metadata.namespace, metadata.name)) throw alreadyExists(resource, metadata.name)
    const said = [...warnings, ...(kind.warnings?.(object) ?? [])]
    const writer = {
      manager: write.manager,
      operation: applied ? ('Apply' as const) : ('Update' as const),
      apiVersion: groupVersion(resource),
      subresource: write.subresource ?? '',
    }
    const managed = applied
      ? applyConfiguration(typed(resource), {}, applied, writer, true, around.now(), (whole) => whole).managedFields
      : recordUpdate(typed(resource), undefined, unserved(object), writer, around.now())
    if (managed.length > 0) metadata.managedFields = managed
    return { object: write.dryRun ? object : store.put(resource, object), warnings: said, created: true }
  }

  /** Creation gives status to nobody: the server made it. */
  function unserved(object: KubeObject): Json {
    const { status: _, ...rest } = object
    return rest
  }

  /** Writes what the client wants in place of what is stored. */
  function write_(
    resource: Resource,
    old: KubeObject,
    wanted: KubeObject,
    write: Write,
    warnings: readonly string[],
    managed?: Json[],
  ): Result {
    const name = old.metadata.name
    const kind = kindOf(resource.kind)
    const version = wanted.metadata.resourceVersion
    if (version && version !== old.metadata.resourceVersion) throw modified(resource, name)
    const onlyStatus = write.subresource === 'status'
    const object = prepare(resource, old, wanted, write)
    if (!onlyStatus && write.subresource !== 'finalize') kind.update?.(object, old)
    kind.default?.(object)
    const causes = [
      ...validateMetadata(object.metadata),
      ...(kind.validate?.(object) ?? []),
      ...(onlyStatus ? [] : (kind.validateUpdate?.(object, old) ?? [])),
    ]
    if (write.subresource === undefined || write.subresource === 'scale') refuse(resource, name, causes)
    if (kind.generation && !same(withoutStatus(object), withoutStatus(old))) object.metadata.generation = (old.metadata.generation ?? 1) + 1
    const writer = {
      manager: write.manager,
      operation: 'Update' as const,
      apiVersion: groupVersion(resource),
      subresource: write.subresource ?? '',
    }
    const sent = wanted.metadata.managedFields
    const base =
      Array.isArray(sent) && sent.length === 1 && isJson(sent[0]) && Object.keys(sent[0]).length === 0
        ? { ...old, metadata: { ...old.metadata, managedFields: [] } }
        : old
    const fields = managed ?? recordUpdate(typed(resource), base, object, writer, around.now())
    if (fields.length > 0) object.metadata.managedFields = fields
    else delete object.metadata.managedFields
    if (same(timeless(object), timeless(old))) return { object: old, warnings }
    const said = [...warnings, ...(kind.warnings?.(object) ?? [])]
    if (write.dryRun) return { object, warnings: said }
    if (object.metadata.deletionTimestamp && isFree(object)) return { object: store.remove(resource, object), warnings: said }
    return { object: store.put(resource, object), warnings: said }
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
  const isFree = (object: KubeObject) =>
    (object.metadata.finalizers ?? []).length === 0 &&
    !(
      object.kind === 'Namespace' &&
      isJson(object['spec']) &&
      Array.isArray(object['spec']['finalizers']) &&
      object['spec']['finalizers'].length > 0
    ) &&
    !(object.kind === 'Pod' && (object.metadata.deletionGracePeriodSeconds ?? 0) > 0)

  function prepare(resource: Resource, old: KubeObject, wanted: KubeObject, write: Write): KubeObject {
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

  function current(resource: Resource, namespace: string | undefined, name: string): KubeObject {
    const object = store.get(resource, resource.namespaced ? namespace : undefined, name)
    if (!object) throw notFound(resource, name)
    return object
  }

  function sameIdentity(wanted: KubeObject, namespace: string | undefined, name: string) {
    if (wanted.metadata.name && wanted.metadata.name !== name)
      throw badRequest(`the name of the object (${wanted.metadata.name}) does not match the name on the URL (${name})`)
    if (wanted.metadata.namespace && namespace !== undefined && wanted.metadata.namespace !== namespace)
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }

  return {
    get: current,
    create,
    update: (resource, namespace, name, body, write) => {
      const { object: wanted, warnings } = decoding(resource, () => read(resource, body, write))
      if (!wanted.metadata.name) throw badRequest(`the name of the object () does not match the name on the URL (${name})`)
      sameIdentity(wanted, namespace, name)
      const old = current(resource, namespace, name)
      if (wanted.metadata.uid && wanted.metadata.uid !== old.metadata.uid) {
        const key = `/registry/${resource.resource}/${namespace ? `${namespace}/` : ''}${name}`
        throw conflict(
          resource,
          name,
          `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${wanted.metadata.uid}, UID in object meta: ${old.metadata.uid}`,
        )
      }
      return write_(resource, old, wanted, write, warnings)
    },
    patch: (resource, namespace, name, type, body, write) => {
      const live = store.get(resource, resource.namespaced ? namespace : undefined, name)
      if (type === 'apply') return apply(resource, namespace, name, live, body, write)
      if (!live) throw notFound(resource, name)
      const target = live as unknown as Json
      if (type === 'strategic' && !isJson(body))
        throw badRequest('error decoding patch: json: cannot unmarshal value into Go value of type map[string]interface {}')
      const patched =
        type === 'json'
          ? jsonPatch(target, body)
          : type === 'merge'
            ? mergePatch(target, body)
            : strategicMerge(typed(resource), target, body)
      if (!isJson(patched)) throw badRequest('the object provided is unrecognized (must be an object)')
      const { object: wanted, warnings } = decodingPatch(type, patched, body, () => read(resource, patched, write))
      sameIdentity(wanted, namespace, name)
      if (wanted.metadata.uid !== live.metadata.uid) {
        const cause = invalidValue('metadata.uid', wanted.metadata.uid ?? '', 'field is immutable')
        throw invalid(resource, name, [cause, cause])
      }
      return write_(resource, live, wanted, write, warnings)
    },
    delete: (resource, namespace, name, deletion) => remove(resource, current(resource, namespace, name), deletion),
  }

  function decodingPatch<T>(type: PatchType, patched: Json, body: unknown, from: () => T): T {
    try {
      return from()
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      if (error.message.startsWith('strict decoding error'))
        throw invalid({ group: '', kind: '' }, '', [invalidValue('patch', JSON.stringify(body), error.message)])
      throw invalid({ group: '', kind: '' }, '', [
        invalidValue('patch', type === 'strategic' ? goValue(body) : JSON.stringify(patched), error.message),
      ])
    }
  }

  function apply(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    live: KubeObject | undefined,
    body: unknown,
    write: Write & { readonly force?: boolean },
  ): Result {
    if (!isJson(body))
      throw badRequest('error decoding YAML: error unmarshaling JSON: json: cannot unmarshal into Go value of type map[string]interface {}')
    if (body['kind'] !== resource.kind || body['apiVersion'] !== groupVersion(resource)) {
      const [version = '', group = ''] = String(body['apiVersion'] ?? '')
        .split('/')
        .reverse()
      if (body['kind'] === undefined || body['apiVersion'] === undefined)
        throw badRequest(`invalid object type: ${group}/${version}, Kind=${String(body['kind'] ?? '')}`)
      throw badRequest(
        `${String(body['kind'])} in version "${version}" cannot be handled as a ${resource.kind}: converting (${group || 'v1'}.${String(body['kind'])}) to (${resource.group || 'core'}.${resource.kind}): unknown conversion`,
      )
    }
    const { object: config, warnings } = decoding(resource, () => read(resource, body, write))
    if (Array.isArray(config.metadata.managedFields)) throw badRequest('metadata.managedFields must be nil')
    sameIdentity(config, namespace, name)
    config.metadata.name = name
    const source = config as unknown as Json
    if (!live) return create(resource, namespace, source, write, source)
    if (config.metadata.uid && config.metadata.uid !== live.metadata.uid)
      throw conflict(
        resource,
        name,
        `Precondition failed: UID in precondition: ${config.metadata.uid}, UID in object meta: ${live.metadata.uid}`,
      )
    if (config.metadata.resourceVersion && config.metadata.resourceVersion !== live.metadata.resourceVersion) throw modified(resource, name)
    const writer = {
      manager: write.manager,
      operation: 'Apply' as const,
      apiVersion: groupVersion(resource),
      subresource: write.subresource ?? '',
    }
    const complete = (object: Json) => {
      const whole = prepare(resource, live, object as unknown as KubeObject, write)
      kindOf(resource.kind).default?.(whole)
      return whole as unknown as Json
    }
    const { object, managedFields } = applyConfiguration(
      typed(resource),
      live as unknown as Json,
      source,
      writer,
      write.force === true,
      around.now(),
      complete,
    )
    return write_(resource, live, decoding(resource, () => read(resource, object, write)).object, write, warnings, managedFields)
  }

  function remove(resource: Resource, old: KubeObject, deletion: Deletion): { object: KubeObject; gone: boolean } {
    const { metadata } = old
    const mismatch = (what: string, wanted: string, has: string | undefined) =>
      conflict(
        { group: '', resource: resource.kind },
        metadata.name,
        `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${has}). The object might have been modified`,
      )
    if (deletion.uid && deletion.uid !== metadata.uid) throw mismatch('UID', deletion.uid, metadata.uid)
    if (deletion.resourceVersion && deletion.resourceVersion !== metadata.resourceVersion)
      throw mismatch('ResourceVersion', deletion.resourceVersion, metadata.resourceVersion)
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
      if (kindOf(resource.kind).generation) next.metadata.generation = (metadata.generation ?? 1) + 1
      if (resource.kind === 'Namespace') next['status'] = { phase: 'Terminating' }
    }
    const gone = isFree(next)
    // What goes at once was never seen being deleted; only a pod has had its moment of grace.
    if (gone && resource.kind !== 'Pod' && !metadata.deletionTimestamp) {
      if (!deletion.dryRun) store.remove(resource, old)
      return { object: old, gone }
    }
    if (deletion.dryRun) return { object: gone ? old : next, gone }
    if (gone) return { object: store.remove(resource, next), gone }
    return { object: same(next, old) ? old : store.put(resource, next), gone }
  }

  function grace(resource: Resource, old: KubeObject, deletion: Deletion): number {
    if (resource.kind !== 'Pod') return 0
    const spec = isJson(old['spec']) ? old['spec'] : {}
    const phase = isJson(old['status']) ? old['status']['phase'] : undefined
    if (!spec['nodeName'] || phase === 'Succeeded' || phase === 'Failed') return 0
    const wanted = Math.max(0, deletion.gracePeriodSeconds ?? Number(spec['terminationGracePeriodSeconds'] ?? 30))
    return Math.min(wanted, old.metadata.deletionTimestamp ? (old.metadata.deletionGracePeriodSeconds ?? wanted) : wanted)
  }
}
