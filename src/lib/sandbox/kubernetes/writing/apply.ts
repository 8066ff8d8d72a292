import { kindOf } from '../kinds/kinds.ts'
import { applyConfiguration } from '../ownership/apply.ts'
import { joined, typeProblems } from '../ownership/typed.ts'
import { groupVersion, type Resource, resourceOf } from '../resources.ts'
import { isJson, type Json } from '../schema/json.ts'
import { badRequest, conflict, invalid, invalidValue, modified, unclassified } from '../status.ts'
import type { KubeObject } from '../types.ts'
import { create } from './create.ts'
import { accept, present } from './forms.ts'
import { decoding, read, sameIdentity, typed } from './reading.ts'
import { prepare, replace } from './replace.ts'
import type { Result, Write, Writing } from './requests.ts'

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

const parsed = (text: string): Json | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isJson(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The same value, its keys in their order, as Go writes maps. */
const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : isJson(value)
      ? Object.fromEntries(
          Object.keys(value)
            .sort()
            .map((key) => [key, sorted(value[key])]),
        )
      : value

/** Server-side apply: a configuration becomes the object, or is merged into the one that is there. */
export function apply(
  writing: Writing,
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
    if (!resourceOf(String(body['apiVersion']), String(body['kind'])))
      throw badRequest(`invalid object type: ${group}/${version}, Kind=${String(body['kind'] ?? '')}`)
    throw badRequest(
      `${String(body['kind'])} in version "${version}" cannot be handled as a ${resource.kind}: converting (${group || 'v1'}.${String(body['kind'])}) to (${resource.group || 'core'}.${resource.kind}): unknown conversion`,
    )
  }
  const problems = typeProblems(typed(resource), body)
  if (problems.length > 0) {
    const kind = `${resource.group}/${resource.version}, Kind=${resource.kind}`
    const named = isJson(body['metadata']) ? body['metadata'] : {}
    const whose = `${String(named['namespace'] ?? '')}/${String(named['name'] ?? '')}`
    throw unclassified(`failed to create typed patch object (${whose}; ${kind}): ${joined(problems)}`)
  }
  const { object: config, warnings } = decoding(resource, () => read(resource, body, write))
  if (Array.isArray(config.metadata.managedFields)) throw badRequest('metadata.managedFields must be nil')
  sameIdentity(config, namespace, name)
  config.metadata.name = name
  const source = present(resource, config) as unknown as Json
  const { uid } = config.metadata
  if (!live) {
    if (uid) throw conflict(resource, name, `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`)
    delete config.metadata.resourceVersion
    return create(writing, resource, namespace, source, write, source)
  }
  const other = invalidValue('metadata.uid', uid ?? '', 'field is immutable')
  if (uid && uid !== live.metadata.uid) throw invalid(resource, name, [other, other])
  if (config.metadata.resourceVersion && config.metadata.resourceVersion !== live.metadata.resourceVersion) throw modified(resource, name)
  // kubectl hands what it once applied itself over to the server: it may take that from anyone, and keeps its own note of it.
  const clientSide = write.manager === 'kubectl' ? live.metadata.annotations?.[lastApplied] : undefined
  const earlier = clientSide === undefined ? undefined : parsed(clientSide)
  const writer = {
    manager: write.manager,
    operation: 'Apply' as const,
    apiVersion: groupVersion(resource),
    subresource: write.subresource ?? '',
  }
  const complete = (object: Json) => {
    const whole = prepare(resource, live, accept(resource, object as unknown as KubeObject), write)
    kindOf(resource).default?.(whole)
    return present(resource, whole) as unknown as Json
  }
  const { object, managedFields } = applyConfiguration(
    typed(resource),
    present(resource, live) as unknown as Json,
    source,
    writer,
    write.force === true,
    writing.around.now(),
    complete,
    earlier,
  )
  const annotations = isJson(object['metadata']) ? object['metadata']['annotations'] : undefined
  if (clientSide !== undefined && isJson(annotations)) annotations[lastApplied] = `${JSON.stringify(sorted(body))}\n`
  return replace(writing, resource, live, decoding(resource, () => read(resource, object, write)).object, write, warnings, managedFields)
}
