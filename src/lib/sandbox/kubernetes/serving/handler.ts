import type { IncomingMessage, ServerResponse } from 'node:http'
import { methodNotAllowed, noSuchResource } from '../status.ts'
import { admit } from './admit.ts'
import type { Call, Serving } from './call.ts'
import { collection } from './collection.ts'
import { object } from './object.ts'
import { plainPath } from './plain-paths.ts'
import { hasGroupVersion } from './request-info.ts'
import { answerText } from './responses.ts'
import { subresource } from './subresource.ts'

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
