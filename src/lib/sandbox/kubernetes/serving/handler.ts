import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { authorize } from '../access/rbac.ts'
import { review } from '../access/reviews.ts'
import { authenticate, impersonated, type User } from '../access/user.ts'
import { answersWithObject, type Deletion, type PatchType, type Registry, type Result } from '../registry.ts'
import { groupVersion, type Resource } from '../resources.ts'
import { isJson, type Json } from '../schema/json.ts'
import { badRequest, forbidden, invalid, invalidValue, methodNotAllowed, noSuchResource, StatusError, unauthorized } from '../status.ts'
import type { Store } from '../store.ts'
import type { ControlPlane, KubeObject } from '../types.ts'
import { objectBody, parseJson, parseYamlBody, readBody } from './body.ts'
import { accept, present, stored } from './events.ts'
import { page, selection } from './list.ts'
import { type Form, formOf } from './negotiation.ts'
import { deleteOptions, writeOptions } from './options.ts'
import { plainPath } from './plain-paths.ts'
import { hasGroupVersion, type RequestInfo, readRequest } from './request-info.ts'
import { answer, answerText } from './responses.ts'
import { scaleOf, writeScale } from './scale.ts'
import { streamWatch } from './stream.ts'
import { partial, table } from './table.ts'

export interface Serving {
  readonly store: Store
  readonly registry: Registry
  readonly controlPlane: () => ControlPlane
  readonly now: () => string
  readonly address: () => string
}

/** Finds out who asks for what, and refuses what they may not; the answer to a path that names no resource is already given then. */
export function admit(serving: Serving, request: IncomingMessage): { readonly user: User; readonly info: RequestInfo } {
  const info = readRequest(request.method ?? 'GET', request.url ?? '/')
  if (!info) throw badRequest('invalid URL escape')
  const client = authenticate(request.socket as TLSSocket, request.headers)
  const other = impersonated(request.headers)
  if (other) {
    const may = (resource: string, name: string) =>
      authorize(serving.store, client, { verb: 'impersonate', group: '', resource, name }).allowed
    if (!may('users', other.name))
      throw forbidden(
        { group: '', resource: 'users' },
        other.name,
        `User ${JSON.stringify(client.name)} cannot impersonate resource "users" in API group "" at the cluster scope`,
      )
  } else if (request.headers['impersonate-group'] !== undefined) throw unauthorized()
  const user = other ?? client
  if (!authorize(serving.store, user, info.attributes).allowed) throw refusal(user, info)
  return { user, info }
}

function refusal(user: User, { attributes }: RequestInfo): StatusError {
  const who = `User ${JSON.stringify(user.name)}`
  if (attributes.path !== undefined)
    return new StatusError(403, 'Forbidden', `forbidden: ${who} cannot ${attributes.verb} path ${JSON.stringify(attributes.path)}`, {})
  const { group = '', resource = '', subresource, name, namespace, verb } = attributes
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`
  return forbidden(
    { group, resource },
    name,
    `${who} cannot ${verb} resource "${resource}${subresource ? `/${subresource}` : ''}" in API group "${group}" ${where}`,
  )
}

/** Answers one request. */
export async function handle(serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { user, info } = admit(serving, request)
  const method = request.method ?? 'GET'
  if (info.group === undefined) {
    if (!plainPath(method, info.path, info.query, request.headers, serving.address(), response))
      answerText(response, 404, '404 page not found\n')
    return
  }
  const { resource } = info
  if (!resource) {
    if (!hasGroupVersion(info.group, info.version ?? '')) return answerText(response, 404, '404 page not found\n')
    throw noSuchResource()
  }
  if (info.subresource !== undefined && !resource.subresources.some(({ name }) => name === info.subresource)) throw noSuchResource()
  const home = info.namespace
  if (resource.namespaced !== (home !== undefined) && !(resource.namespaced && info.name === undefined && method === 'GET')) {
    if (!(resource.namespaced && info.name === undefined && method === 'DELETE'))
      throw info.name === undefined && method === 'POST' ? methodNotAllowed() : noSuchResource()
  }
  const call: Call = { serving, request, response, info, resource, user }
  if (info.subresource !== undefined && !['status', 'finalize', 'ephemeralcontainers'].includes(info.subresource)) return subresource(call)
  if (info.name === undefined) return collection(call)
  return object(call, info.name)
}

interface Call {
  readonly serving: Serving
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly info: RequestInfo
  readonly resource: Resource
  readonly user: User
}

const lists = (resource: Resource) => ({ kind: `${resource.kind}List`, apiVersion: groupVersion(resource) })
const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
  'application/apply-patch+json': 'apply',
}

function show(call: Call, code: number, object: KubeObject, warnings: readonly string[] = []): void {
  const { form, yaml } = formOf(call.request.headers.accept)
  const whole = present(call.resource, object)
  const body =
    form === 'table'
      ? table(
          stored(call.resource),
          [object],
          { resourceVersion: object.metadata.resourceVersion },
          call.info.query.get('includeObject'),
          Date.parse(call.serving.now()),
        )
      : form === 'metadata'
        ? partial(whole)
        : whole
  answer(call.response, code, body, { warnings, yaml })
}
const showResult = (call: Call, { object, warnings, created }: Result) => show(call, created ? 201 : 200, object, warnings)

async function collection(call: Call): Promise<void> {
  const { serving, request, resource, info } = call
  const { query, namespace } = info
  const method = request.method ?? 'GET'
  const verb = info.attributes.verb
  if (!resource.verbs.includes(verb)) throw methodNotAllowed()
  if (verb === 'watch')
    return streamWatch(
      serving,
      resource,
      namespace,
      query,
      formOf(request.headers.accept?.replace(/;stream=watch/g, '')).form,
      call.response,
    )
  if (method === 'GET' || method === 'HEAD') return showList(call, page(serving.store, resource, namespace, query))
  if (method === 'POST') {
    const text = await readBody(request)
    const write = writeOptions('CreateOptions', query, request.headers)
    const body = objectBody(text, request.headers['content-type'], resource)
    formOf(request.headers.accept)
    if (!resource.verbs.includes('get'))
      return answer(call.response, 201, review(serving.store, call.user, resource, body, write.manager, serving.now()))
    return showResult(call, serving.registry.create(stored(resource), namespace, accept(resource, body), write))
  }
  if (method !== 'DELETE') throw methodNotAllowed()
  const deletion = deleteOptions(query, await deleteBody(request))
  const chosen = serving.store.list(stored(resource), namespace).filter(selection(resource, query))
  const version = String(serving.store.version())
  const items = chosen.map((object) => remove(call, object, deletion).object)
  showList(call, { items, resourceVersion: version })
}

function showList(
  call: Call,
  found: {
    readonly items: readonly KubeObject[]
    readonly resourceVersion: string
    readonly continue?: string
    readonly remainingItemCount?: number
  },
): void {
  const { form, yaml } = formOf(call.request.headers.accept)
  const { items, ...metadata } = found
  answer(call.response, 200, form === 'table' ? rows(call, items, metadata) : plain(call, form, items, metadata), { yaml })
}

const rows = ({ resource, info, serving }: Call, items: readonly KubeObject[], metadata: Json): Json =>
  table(stored(resource), items, metadata, info.query.get('includeObject'), Date.parse(serving.now()))

function plain({ resource }: Call, form: Form, items: readonly KubeObject[], metadata: Json): Json {
  const shown = items.map((object) => present(resource, object))
  if (form === 'metadata') return { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items: shown.map(partial) }
  return { ...lists(resource), metadata, items: shown.map(({ kind: _, apiVersion: __, ...rest }) => rest) }
}

async function deleteBody(request: IncomingMessage): Promise<Json | undefined> {
  const text = await readBody(request)
  if (text === '') return undefined
  const body = /yaml/.test(request.headers['content-type'] ?? '') ? parseYamlBody(text) : parseJson(text)
  if (!isJson(body)) throw badRequest("couldn't get version/kind; json parse error: unexpected end of JSON input")
  return body
}

const preserved =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning'

function remove(call: Call, object: KubeObject, deletion: Deletion): { object: KubeObject; gone: boolean } {
  const asked = deletion.propagationPolicy !== undefined
  const policy = !asked && call.resource.kind === 'Job' ? { ...deletion, propagationPolicy: 'Orphan' as const } : deletion
  return call.serving.registry.delete(stored(call.resource), object.metadata.namespace, object.metadata.name, policy)
}

async function object(call: Call, name: string): Promise<void> {
  const { serving, request, resource, info } = call
  const { registry } = serving
  const { query, namespace } = info
  const kind = stored(resource)
  const sub = info.subresource === undefined ? {} : { subresource: info.subresource }
  const method = request.method ?? 'GET'
  if (method === 'GET' || method === 'HEAD') return show(call, 200, registry.get(kind, namespace, name))
  if (method === 'PUT') {
    const text = await readBody(request)
    const write = { ...writeOptions('UpdateOptions', query, request.headers), ...sub }
    return showResult(
      call,
      registry.update(kind, namespace, name, accept(resource, objectBody(text, request.headers['content-type'], resource)), write),
    )
  }
  if (method === 'PATCH') {
    const text = await readBody(request)
    const type = patchTypeOf(request)
    const write = { ...writeOptions('PatchOptions', query, request.headers, type === 'apply'), ...sub }
    return showResult(call, registry.patch(kind, namespace, name, type, patchBody(text, type), write))
  }
  if (method !== 'DELETE' || info.subresource !== undefined) throw methodNotAllowed()
  const deletion = deleteOptions(query, await deleteBody(request))
  const before = registry.get(kind, namespace, name)
  const { object: after, gone } = remove(call, before, deletion)
  const warnings = resource.kind === 'Job' && deletion.propagationPolicy === undefined ? [preserved] : []
  if (!gone || answersWithObject(resource)) return show(call, 200, after, warnings)
  const details = { name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.resource, uid: before.metadata.uid }
  answer(call.response, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }, { warnings })
}

function patchTypeOf(request: IncomingMessage): PatchType {
  const type = patchTypes[(request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '']
  if (!type) throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
  return type
}

function patchBody(text: string, type: PatchType): unknown {
  if (type === 'apply') return parseYamlBody(text)
  const body = parseJson(text)
  if (body === undefined) throw badRequest('error decoding patch: unexpected end of JSON input')
  if (type !== 'json' && !isJson(body))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${Array.isArray(body) ? 'array' : typeof body} into Go value of type map[string]interface {}`,
    )
  return body
}

async function subresource(call: Call): Promise<void> {
  const { serving, request, response, info, resource } = call
  const { query, namespace, name = '' } = info
  const method = request.method ?? 'GET'
  if (info.subresource === 'scale') {
    if (method === 'GET') return answer(response, 200, scaleOf(serving.registry.get(resource, namespace, name)))
    if (method !== 'PUT' && method !== 'PATCH') throw methodNotAllowed()
    const text = await readBody(request)
    const type = method === 'PATCH' ? patchTypeOf(request) : undefined
    const write = writeOptions(type ? 'PatchOptions' : 'UpdateOptions', query, request.headers, type ? type === 'apply' : undefined)
    const body = type ? patchBody(text, type) : parseJson(text)
    return answer(response, 200, writeScale(serving.registry, resource, namespace, name, body, type, write))
  }
  if (info.subresource === 'log') {
    if (method !== 'GET') throw methodNotAllowed()
    logOptions(name, query)
    return serving.controlPlane().log({ pod: serving.registry.get(resource, namespace, name), query }, response)
  }
  if (info.subresource === 'eviction' || info.subresource === 'binding') {
    if (method !== 'POST') throw methodNotAllowed()
    const body = parseJson(await readBody(request))
    if (!isJson(body))
      throw badRequest(
        `the object provided is unrecognized (must be of type ${info.subresource === 'eviction' ? 'Eviction' : 'Binding'}): couldn't get version/kind; json parse error: unexpected end of JSON input`,
      )
    const pod = serving.registry.get(resource, namespace, name)
    const write = writeOptions('CreateOptions', query, request.headers)
    if (info.subresource === 'eviction') {
      const options = isJson(body['deleteOptions']) ? body['deleteOptions'] : {}
      const dry = write.dryRun === true || (Array.isArray(options['dryRun']) && options['dryRun'].includes('All'))
      serving.controlPlane().evict(
        pod,
        {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          ...body,
          metadata: isJson(body['metadata']) ? body['metadata'] : { name },
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
  if (causes.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, pod, causes)
}
