import { kindOf } from '../kinds/kinds.ts'
import type { Resource } from '../resources.ts'
import { isJson } from '../schema/json.ts'
import { parseFieldSelector, parseLabelSelector } from '../selectors.ts'
import { badRequest, expired, StatusError } from '../status.ts'
import type { Store } from '../store.ts'
import type { KubeObject } from '../types.ts'
import { stored } from '../writing/forms.ts'
import { wantsExactly } from './list-options.ts'

export type Choice = (object: KubeObject) => boolean

/** The objects that a query's label and field selectors choose. */
export function selection(resource: Resource, query: URLSearchParams): Choice {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '')
  const selector = query.get('fieldSelector') ?? ''
  if (selector === '') return (object) => labels(object.metadata.labels ?? {})
  const own = kindOf(resource).fields
  const blank = own?.({ apiVersion: '', kind: resource.kind, metadata: { name: '' } }) ?? {}
  const fields = parseFieldSelector(selector, ['metadata.name', 'metadata.namespace', ...Object.keys(blank)])
  return (object) =>
    labels(object.metadata.labels ?? {}) &&
    fields({ 'metadata.name': object.metadata.name, 'metadata.namespace': object.metadata.namespace ?? '', ...own?.(object) })
}

/** The version that a query names; `refuse` says in which words one that is none is refused. */
export const versionOf = (query: URLSearchParams, refuse: (message: string) => StatusError = badRequest): number | undefined => {
  const text = query.get('resourceVersion')
  if (text === null || text === '') return undefined
  if (!/^\d{1,15}$/.test(text))
    throw refuse(`Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Number(text)
}

export const tooLarge = (wanted: number, current: number) =>
  new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })

export interface Page {
  readonly items: readonly KubeObject[]
  readonly resourceVersion: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

const token = (at: { readonly v: number; readonly after: string }) => Buffer.from(JSON.stringify(at)).toString('base64url')
function readToken(text: string): { readonly v: number; readonly after: string } {
  const refuse = (because: string) => badRequest(`invalid continue token: continue key is not valid: ${because}`)
  const bad = /[^A-Za-z0-9_-]/.exec(text)?.index ?? (text.length % 4 === 1 ? text.length - 1 : -1)
  if (bad >= 0) throw refuse(`illegal base64 data at input byte ${bad}`)
  const inner = Buffer.from(text, 'base64url').toString()
  let read: unknown
  try {
    read = JSON.parse(inner)
  } catch {
    throw refuse(`invalid character '${[...inner][0]}' looking for beginning of value`)
  }
  if (isJson(read) && typeof read['v'] === 'number' && typeof read['after'] === 'string') return { v: read['v'], after: read['after'] }
  throw refuse('incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
}
const key = (object: KubeObject) => `${object.metadata.namespace ?? ''}/${object.metadata.name}`

/** One page of a list, as it was at one version: the pages after the first look back at the version of the first. */
export function page(store: Store, resource: Resource, namespace: string | undefined, query: URLSearchParams): Page {
  const chosen = selection(resource, query)
  const limit = Number(query.get('limit') ?? 0)
  if (!Number.isInteger(limit) || limit < 0)
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(query.get('limit'))}: invalid syntax`)
  const exactly = wantsExactly(query)
  const wanted = versionOf(query)
  if (wanted !== undefined && wanted > store.version()) throw tooLarge(wanted, store.version())
  const from = query.get('continue')
  const place = from ? readToken(from) : undefined
  const back = place?.v ?? (exactly ? wanted : undefined)
  const version = back ?? store.version()
  const all = back !== undefined ? at(store, resource, namespace, version) : store.list(stored(resource), namespace)
  const rest = place ? all.filter((object) => key(object) > place.after) : all
  const matching = rest.filter(chosen)
  const items = limit > 0 ? matching.slice(0, limit) : matching
  const last = items.at(-1)
  // etcd stops once the page is full and does not know whether later keys match: there is more as long as there are keys.
  const more = last !== undefined && limit > 0 && items.length === limit && rest.some((object) => key(object) > key(last))
  const selective = (query.get('labelSelector') ?? '') !== '' || (query.get('fieldSelector') ?? '') !== ''
  return {
    items,
    resourceVersion: String(version),
    ...(more && last
      ? {
          continue: token({ v: version, after: key(last) }),
          ...(selective ? {} : { remainingItemCount: rest.filter((object) => key(object) > key(last)).length }),
        }
      : {}),
  }
}

/** The list as it was at an older version: today's with the changes since taken back. */
function at(store: Store, resource: Resource, namespace: string | undefined, version: number): readonly KubeObject[] {
  const changes = store.since(version)
  if (!changes)
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    )
  const kind = stored(resource)
  const objects = new Map(store.list(kind, namespace).map((object) => [key(object), object]))
  for (const change of [...changes].reverse()) {
    if (
      change.resource.resource !== kind.resource ||
      change.resource.group !== kind.group ||
      (namespace !== undefined && change.object.metadata.namespace !== namespace)
    )
      continue
    if (change.old) objects.set(key(change.old), change.old)
    else objects.delete(key(change.object))
  }
  return [...objects.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}
