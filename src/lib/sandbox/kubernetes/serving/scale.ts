import { jsonPatch } from '../patch/json-patch.ts'
import { mergePatch } from '../patch/merge-patch.ts'
import type { Registry } from '../registry.ts'
import type { Resource } from '../resources.ts'
import { copy, isJson, type Json } from '../schema/json.ts'
import { selectorText } from '../selectors.ts'
import { badRequest, invalid, invalidValue, modified } from '../status.ts'
import type { KubeObject } from '../types.ts'
import { decoding, read, sameIdentity } from '../writing/reading.ts'
import type { PatchType, Write } from '../writing/requests.ts'

const object = (value: unknown): Json => (isJson(value) ? value : {})

const kind = { group: 'autoscaling', version: 'v1', kind: 'Scale', type: 'Scale' }

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

/** Writes a Scale (sent whole, or as a patch of the present one) into its workload; an applier owns the workload's replicas. */
export function writeScale(
  registry: Registry,
  resource: Resource,
  namespace: string | undefined,
  name: string,
  body: unknown,
  type: PatchType | undefined,
  write: Write & { readonly force?: boolean },
): { readonly scale: Json; readonly warnings: readonly string[] } {
  const workload = registry.get(resource, namespace, name)
  const now = scaleOf(workload)
  const sent = type === undefined ? body : type === 'json' ? jsonPatch(now, body) : mergePatch(now, body)
  if (!isJson(sent)) throw badRequest('the object provided is unrecognized (must be of type Scale)')
  const { object: scale, warnings } = decoding(kind, () => read(kind, sent, write))
  sameIdentity(scale, namespace, name)
  const version = scale.metadata.resourceVersion
  if (version !== undefined && version !== workload.metadata.resourceVersion) throw modified(resource, name)
  const replicas = Number(object(scale['spec'])['replicas'] ?? 0)
  if (replicas < 0) throw invalid(kind, name, [invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0')])
  const how = { ...write, subresource: 'scale' }
  const { apiVersion } = workload
  const draft = { ...copy(workload), spec: { ...object(workload['spec']), replicas } } as unknown as Json
  const written =
    type === 'apply'
      ? registry.patch(resource, namespace, name, type, { apiVersion, kind: workload.kind, metadata: { name }, spec: { replicas } }, how)
      : registry.update(resource, namespace, name, draft, how)
  return { scale: scaleOf(written.object), warnings }
}
