import type { IncomingMessage } from 'node:http'
import { isJson, type Json } from '../schema/json.ts'
import { badRequest } from '../status.ts'
import type { KubeObject } from '../types.ts'
import type { Deletion } from '../writing/requests.ts'
import { parseJson, parseYamlBody, readBody } from './body.ts'
import type { Call } from './call.ts'

/** The DeleteOptions that a DELETE brings, if any. */
export async function deleteBody(request: IncomingMessage): Promise<Json | undefined> {
  const text = await readBody(request)
  if (text === '') return undefined
  const body = /yaml/.test(request.headers['content-type'] ?? '') ? parseYamlBody(text) : parseJson(text)
  if (!isJson(body)) throw badRequest("couldn't get version/kind; json parse error: unexpected end of JSON input")
  return body
}

export const preserved =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning'

/** Deletes an object; the pods of a Job are orphaned unless the client says otherwise. */
export function remove(call: Call, object: KubeObject, deletion: Deletion): { object: KubeObject; gone: boolean } {
  const asked = deletion.propagationPolicy !== undefined
  const policy = !asked && call.resource.kind === 'Job' ? { ...deletion, propagationPolicy: 'Orphan' as const } : deletion
  return call.serving.registry.delete(call.resource, object.metadata.namespace, object.metadata.name, policy)
}
