import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { authorize } from '../access/rbac.ts'
import { authenticate, impersonated, type User } from '../access/user.ts'
import { badRequest, forbidden, PlainError, StatusError } from '../status.ts'
import type { Serving } from './call.ts'
import { type RequestInfo, readRequest } from './request-info.ts'

/** Finds out who asks for what, and refuses what they may not; the answer to a path that names no resource is already given then. */
export function admit(serving: Serving, request: IncomingMessage): { readonly user: User; readonly info: RequestInfo } {
  const info = readRequest(request.method ?? 'GET', request.url ?? '/')
  if (!info) throw badRequest('invalid URL escape')
  const client = authenticate(request.socket as TLSSocket, request.headers, serving.tokens)
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
  } else if (request.headers['impersonate-group'] !== undefined)
    throw new PlainError(
      500,
      `Internal Server Error: ${JSON.stringify(request.url)}: requested [${[request.headers['impersonate-group']]
        .flat()
        .map((group) => `{Group  ${group}    }`)
        .join(' ')}] without impersonating a user`,
    )
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
