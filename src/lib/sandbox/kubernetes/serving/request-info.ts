import type { Attributes } from '../access/rbac.ts'
import { type Resource, resourceAt, resources } from '../resources.ts'

/** A request, read: which verb on which resource, or a path that names none. */
export interface RequestInfo {
  readonly path: string
  readonly query: URLSearchParams
  readonly attributes: Attributes
  readonly resource?: Resource
  readonly namespace?: string
  readonly name?: string
  readonly subresource?: string
  /** The path has the form of a resource's, whether or not it exists. */
  readonly group?: string
  readonly version?: string
}

const verbs: Readonly<Record<string, readonly [collection: string, object: string]>> = {
  GET: ['list', 'get'],
  HEAD: ['list', 'get'],
  POST: ['create', 'create'],
  PUT: ['update', 'update'],
  PATCH: ['patch', 'patch'],
  DELETE: ['deletecollection', 'delete'],
}

function decodePath(path: string): readonly string[] | undefined {
  try {
    return path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent)
  } catch {
    return undefined
  }
}

export function readRequest(method: string, url: string): RequestInfo | undefined {
  const [path = '/', search = ''] = url.split(/\?(.*)/s)
  const query = new URLSearchParams(search)
  const parts = decodePath(path)
  if (!parts) return undefined
  const plain: RequestInfo = { path, query, attributes: { verb: method.toLowerCase() === 'head' ? 'get' : method.toLowerCase(), path } }
  const [root, ...rest] = parts
  if (root !== 'api' && root !== 'apis') return plain
  const group = root === 'api' ? '' : (rest.shift() ?? '')
  const version = rest.shift() ?? ''
  if (rest.length === 0) return plain
  const watchPrefix = rest[0] === 'watch' && rest.length > 1
  if (watchPrefix) rest.shift()
  let namespace: string | undefined
  // /namespaces/x/pods lies in a namespace; /namespaces/x and its own subresources are the namespace.
  if (rest[0] === 'namespaces' && rest.length > 2 && !['status', 'finalize'].includes(rest[2] ?? '')) {
    namespace = rest[1]
    rest.splice(0, 2)
  }
  const [plural = '', named, subresource, ...more] = rest
  const resource = more.length === 0 ? resourceAt(group, version, plural) : undefined
  const watching = (watchPrefix || ['true', '1'].includes(query.get('watch') ?? '')) && method === 'GET'
  // The older path of a watch may name one object, as a field selector does elsewhere.
  const watched = watchPrefix && watching ? named : undefined
  if (watched !== undefined) query.set('fieldSelector', `metadata.name=${watched}`)
  const name = watched === undefined ? named : undefined
  const [many, one] = verbs[method] ?? [method.toLowerCase(), method.toLowerCase()]
  const verb = name === undefined ? (watching ? 'watch' : many) : one
  const home = namespace ?? (plural === 'namespaces' ? name : undefined)
  const attributes: Attributes = {
    verb,
    group,
    resource: plural,
    ...(subresource === undefined ? {} : { subresource }),
    ...(named === undefined ? {} : { name: named }),
    ...(home === undefined ? {} : { namespace: home }),
  }
  return {
    path,
    query,
    attributes,
    group,
    version,
    ...(resource ? { resource } : {}),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  }
}

export const hasGroupVersion = (group: string, version: string) => resources.some((one) => one.group === group && one.version === version)
