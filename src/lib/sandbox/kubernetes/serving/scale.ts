import { DecodeError, decode } from '../decoding.ts'
import { jsonPatch } from '../patch/json-patch.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import type { Registry } from '../registry.ts'
import type { Resource } from '../resources.ts'
import { copy, isJson, type Json } from '../schema/json.ts'
import { struct } from '../schema/schema.ts'
import { selectorText } from '../selectors.ts'
import { badRequest, invalid, invalidValue, modified } from '../status.ts'
import type { KubeObject } from '../types.ts'
import type { PatchType, Write } from '../writing/requests.ts'

const object = (value: unknown): Json => (isJson(value) ? value : {})

/** The Scale of a workload: its replicas and what selects them. */
export function scaleOf(workload: KubeObject): Json {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = workload.metadata
  const spec = object(workload['spec'])
  const replicas = Number(spec['replicas'] ?? 0)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: Number(object(workload['status'])['replicas'] ?? 0), selector: selectorText(spec['selector']) },
  }
}

/** Writes a Scale (sent whole, or as a patch of the present one) into its workload. */
export function writeScale(
  registry: Registry,
  resource: Resource,
  namespace: string | undefined,
  name: string,
  body: unknown,
  type: PatchType | undefined,
  write: Write,
): Json {
  const workload = registry.get(resource, namespace, name)
  const now = scaleOf(workload)
  const sent = type === undefined ? body : type === 'json' ? jsonPatch(now, body) : mergePatch(now, body)
  if (!isJson(sent)) throw badRequest('the object provided is unrecognized (must be of type Scale)')
  let scale: Json
  try {
    scale = decode(struct('Scale'), sent).object
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`Scale in version "v1" cannot be handled as a Scale: ${error.message}`)
    throw error
  }
  const version = object(scale['metadata'])['resourceVersion']
  if (version !== undefined && version !== workload.metadata.resourceVersion) throw modified(resource, name)
  const replicas = Number(object(scale['spec'])['replicas'] ?? 0)
  if (replicas < 0)
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, name, [
      invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ])
  const draft = copy(workload) as unknown as Json
  draft['spec'] = { ...object(draft['spec']), replicas }
  return scaleOf(registry.update(resource, namespace, name, draft, { ...write, subresource: 'scale' }).object)
}
