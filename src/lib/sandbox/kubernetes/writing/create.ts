import { kindOf } from '../kinds/kinds.ts'
import { suffix, validateMetadata, validateName } from '../naming.ts'
import { applyConfiguration } from '../ownership/apply.ts'
import { recordUpdate } from '../ownership/managed-fields.ts'
import { groupVersion, type Resource } from '../resources.ts'
import type { Json } from '../schema/json.ts'
import { alreadyExists, badRequest, forbidden, notFound } from '../status.ts'
import type { KubeObject } from '../types.ts'
import { present, stored } from './forms.ts'
import { decoding, read, refuse, typed } from './reading.ts'
import type { Result, Write, Writing } from './requests.ts'

/** Makes an object of a body: admission, defaults, validation, ownership. `applied` is the configuration when server-side apply creates it. */
export function create(
  { store, around }: Writing,
  resource: Resource,
  namespace: string | undefined,
  body: Json,
  write: Write,
  applied?: Json,
): Result {
  const { object, warnings } = decoding(resource, () => read(resource, body, write))
  const { metadata } = object
  const home = stored(resource)
  if (resource.namespaced) {
    if (metadata.namespace !== undefined && metadata.namespace !== namespace)
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
    if (namespace !== undefined) metadata.namespace = namespace
    const place = store.get({ group: '', resource: 'namespaces' }, undefined, namespace ?? '')
    if (!place) throw notFound({ group: '', resource: 'namespaces' }, namespace ?? '')
    if (place.metadata.deletionTimestamp)
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
  const kind = kindOf(resource)
  kind.default?.(object)
  kind.create?.(object, around)
  const writer = {
    manager: write.manager,
    operation: applied ? ('Apply' as const) : ('Update' as const),
    apiVersion: groupVersion(resource),
    subresource: write.subresource ?? '',
  }
  const managed = applied
    ? applyConfiguration(typed(resource), {}, applied, writer, true, around.now(), (whole) => whole).managedFields
    : recordUpdate(typed(resource), undefined, unserved(present(resource, object)), writer, around.now())
  kind.complete?.(object, around)
  if (kind.generation) metadata.generation = 1
  const causes = [...validateName(metadata.name ?? '', kind.name), ...validateMetadata(metadata), ...(kind.validate?.(object) ?? [])]
  refuse(home, metadata.name ?? '', causes, warnings)
  if (store.get(home, metadata.namespace, metadata.name)) throw alreadyExists(resource, metadata.name)
  const said = [...warnings, ...(kind.warnings?.(object) ?? [])]
  if (managed.length > 0) metadata.managedFields = managed
  kind.gated?.(object)
  return { object: write.dryRun ? object : store.put(home, object), warnings: said, created: true }
}

/** Creation gives status to nobody: the server made it. */
function unserved(object: KubeObject): Json {
  const { status: _, ...rest } = object
  return rest
}
