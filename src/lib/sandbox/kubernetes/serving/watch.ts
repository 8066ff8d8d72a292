import { groupVersion, type Resource } from '../resources.ts'
import type { Json } from '../schema/json.ts'
import { expired, unclassified } from '../status.ts'
import type { Change, Store } from '../store.ts'
import type { KubeObject } from '../types.ts'
import { stored } from '../writing/forms.ts'
import { selection, tooLarge, versionOf } from './list.ts'
import { watchOptions } from './list-options.ts'

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: KubeObject | Json
}

/** How far a watch has come, where there was nothing to tell. */
export const bookmarkOf = (resource: Resource, version: number, annotations?: Readonly<Record<string, string>>): WatchEvent => ({
  type: 'BOOKMARK',
  object: {
    kind: resource.kind,
    apiVersion: groupVersion(resource),
    metadata: { resourceVersion: String(version), ...(annotations ? { annotations } : {}) },
  },
})
/** The watch cache reads the version, and its failure is nobody's fault. */
const unparsed = (message: string) => unclassified(`resourceVersion: ${message}`)

/** Sends what the query asks to be told of, from its version on, until the returned function is called. */
export function watch(
  store: Store,
  resource: Resource,
  namespace: string | undefined,
  query: URLSearchParams,
  send: (event: WatchEvent) => void,
): () => void {
  const chosen = selection(resource, query)
  const kind = stored(resource)
  const { initial, bookmarks } = watchOptions(query)
  const version = versionOf(query, unparsed)
  const current = store.version()
  if (version !== undefined && version > current + 1_000_000) throw tooLarge(version, current)
  const tell = (change: Change) => {
    if (change.resource.resource !== kind.resource || change.resource.group !== kind.group) return
    if (namespace !== undefined && change.object.metadata.namespace !== namespace) return
    const was = change.old !== undefined && chosen(change.old)
    const is = change.type !== 'DELETED' && chosen(change.object)
    // An object that leaves the selection is shown as it last was inside, at the version of its leaving.
    if (was && !is) {
      const last =
        change.type === 'DELETED'
          ? change.object
          : {
              ...(change.old ?? change.object),
              metadata: { ...(change.old ?? change.object).metadata, resourceVersion: change.object.metadata.resourceVersion ?? '' },
            }
      send({ type: 'DELETED', object: last })
    } else if (is) send({ type: was ? 'MODIFIED' : 'ADDED', object: change.object })
  }
  if (version === undefined || version === 0 ? initial !== false : initial === true) {
    for (const object of store.list(kind, namespace)) if (chosen(object)) send({ type: 'ADDED', object })
    if (initial === true && bookmarks) send(bookmarkOf(resource, current, { 'k8s.io/initial-events-end': 'true' }))
  } else if (version !== undefined && version > 0) {
    const past = store.since(version)
    if (past) for (const change of past) tell(change)
    else send({ type: 'ERROR', object: { ...expired(`too old resource version: ${version} (${current})`).body() } })
    if (!past) return () => {}
  }
  return store.subscribe(tell)
}
