import { DecodeError, instant } from '../decoding.ts'
import type { Resource } from '../resources.ts'
import { isJson, type Json } from '../schema/json.ts'
import { badRequest, forbiddenValue, invalid, invalidValue, methodNotAllowed, StatusError } from '../status.ts'
import type { KubeObject } from '../types.ts'
import { sameIdentity } from '../writing/reading.ts'
import { objectBody, readBody } from './body.ts'
import type { Call } from './call.ts'
import { writeOptions } from './options.ts'
import { patchBody, patchTypeOf } from './patch-request.ts'
import { answer } from './responses.ts'
import { scaleOf, writeScale } from './scale.ts'

/** Answers what is asked of an object's scale, log, eviction, binding, or of a stream that is not upgraded. */
export async function subresource(call: Call): Promise<void> {
  const { serving, request, response, info, resource } = call
  const { query, namespace, name = '' } = info
  const method = request.method ?? 'GET'
  if (info.subresource === 'scale') {
    if (method === 'GET') return answer(response, 200, scaleOf(serving.registry.get(resource, namespace, name)))
    if (method !== 'PUT' && method !== 'PATCH') throw methodNotAllowed()
    const text = await readBody(request)
    const type = method === 'PATCH' ? patchTypeOf(request) : undefined
    const write = writeOptions(type ? 'PatchOptions' : 'UpdateOptions', query, request.headers, type ? type === 'apply' : undefined)
    const body = type ? patchBody(text, type) : objectBody(text, request.headers['content-type'], named(resource, 'scale'))
    const { scale, warnings } = writeScale(serving.registry, resource, namespace, name, body, type, write)
    return answer(response, 200, scale, { warnings })
  }
  if (info.subresource === 'log') {
    if (method !== 'GET') throw methodNotAllowed()
    logOptions(name, query)
    return serving.controlPlane().log({ pod: serving.registry.get(resource, namespace, name), query }, response)
  }
  if (info.subresource === 'eviction' || info.subresource === 'binding') {
    if (method !== 'POST') throw methodNotAllowed()
    const evicting = info.subresource === 'eviction'
    const body = objectBody(
      await readBody(request),
      request.headers['content-type'],
      named(resource, info.subresource),
      evicting ? 'pkg/runtime/scheme.go:110' : undefined,
    )
    const metadata = isJson(body['metadata']) ? body['metadata'] : { name }
    if (evicting && metadata['name'] !== undefined && metadata['name'] !== name)
      throw badRequest('name in URL does not match name in Eviction object')
    sameIdentity({ metadata: { ...metadata, name } }, namespace, name)
    const pod = serving.registry.get(resource, namespace, name)
    const write = writeOptions('CreateOptions', query, request.headers)
    if (evicting) {
      const options = isJson(body['deleteOptions']) ? body['deleteOptions'] : {}
      const dry = write.dryRun === true || (Array.isArray(options['dryRun']) && options['dryRun'].includes('All'))
      serving.controlPlane().evict(
        pod,
        {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          ...body,
          metadata,
        } as unknown as KubeObject,
        { dryRun: dry },
      )
    } else bind(call, pod, body)
    return answer(response, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
  }
  if (method !== 'GET' && method !== 'POST') throw methodNotAllowed()
  serving.registry.get(resource, namespace, name)
  throw badRequest('Upgrade request required')
}

/** What a subresource takes: its kind, in the resource's own group where it names none. */
function named(resource: Resource, subresource: string): Pick<Resource, 'group' | 'version' | 'kind'> {
  const found = resource.subresources.find(({ name }) => name === subresource)
  return { group: found?.group ?? resource.group, version: found?.version ?? resource.version, kind: found?.kind ?? '' }
}

/** Puts a pod on a node, once. */
function bind(call: Call, pod: KubeObject, body: Json): void {
  const node = isJson(body['target']) ? String(body['target']['name'] ?? '') : ''
  const spec = isJson(pod['spec']) ? pod['spec'] : {}
  if (spec['nodeName'])
    throw new StatusError(
      409,
      'Conflict',
      `Operation cannot be fulfilled on pods/binding "${pod.metadata.name}": pod ${pod.metadata.name} is already assigned to node "${String(spec['nodeName'])}"`,
      { name: pod.metadata.name, kind: 'pods/binding' },
    )
  call.serving.registry.update(
    call.resource,
    pod.metadata.namespace,
    pod.metadata.name,
    { ...pod, spec: { ...spec, nodeName: node } } as unknown as Json,
    { manager: 'kube-scheduler', subresource: 'binding', fieldValidation: 'Ignore' },
  )
}

function logOptions(pod: string, query: URLSearchParams): void {
  const limits: readonly (readonly [string, number, string])[] = [
    ['tailLines', 0, 'must be greater than or equal to 0'],
    ['sinceSeconds', 1, 'must be greater than 0'],
    ['limitBytes', 1, 'must be greater than 0'],
  ]
  const causes = limits.flatMap(([name, least, words]) => {
    const text = query.get(name)
    if (text === null) return []
    if (!/^-?\d{1,18}$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
    return Number(text) < least ? [invalidValue(name, Number(text), words)] : []
  })
  const since = query.get('sinceTime')
  try {
    if (since !== null) instant(since, 'time')
  } catch (error) {
    throw error instanceof DecodeError ? badRequest(error.message) : error
  }
  if (since !== null && query.has('sinceSeconds'))
    causes.push(forbiddenValue('[]', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  if (query.has('stream')) causes.push(forbiddenValue('stream', 'may not be specified'))
  if (causes.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, pod, causes)
}
