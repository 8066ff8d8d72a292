import { freeze } from './schema/json.ts'
import type { KubeObject, ResourceName, StoreEvent } from './types.ts'

/** What one change left behind, for watches that start in the past. */
export interface Change extends StoreEvent {
  readonly version: number
}

/** Everything stored, with one version counter for all kinds, as etcd has it. Objects are frozen: readers share them. */
export interface Store {
  /** The version of the last change. */
  version(): number
  get(resource: ResourceName, namespace: string | undefined, name: string): KubeObject | undefined
  /** Sorted as etcd sorts keys: by namespace, then by name. */
  list(resource: ResourceName, namespace?: string): readonly KubeObject[]
  put(resource: ResourceName, object: KubeObject): KubeObject
  remove(resource: ResourceName, object: KubeObject): KubeObject
  /** The changes after a version; undefined when the history no longer reaches back that far. */
  since(version: number): readonly Change[] | undefined
  subscribe(listener: (change: Change) => void): () => void
  snapshot(): Snapshot
  restore(snapshot: Snapshot): void
  /** Called when `restore` has replaced everything: open watches must end. */
  onRestore(listener: () => void): () => void
}

export interface Snapshot {
  readonly version: number
  readonly kinds: ReadonlyMap<string, ReadonlyMap<string, KubeObject>>
}

const kindKey = ({ group, resource }: ResourceName) => `${group}/${resource}`
const objectKey = (namespace: string | undefined, name: string) => `${namespace ?? ''}/${name}`
const historyLength = 20_000

export function createStore(): Store {
  let version = 1000
  let oldest = version
  let kinds = new Map<string, Map<string, KubeObject>>()
  let history: Change[] = []
  const sorted = new Map<string, readonly KubeObject[]>()
  const listeners = new Set<(change: Change) => void>()
  const restored = new Set<() => void>()
  const of = (resource: ResourceName) => {
    const key = kindKey(resource)
    const known = kinds.get(key)
    if (known) return known
    const objects = new Map<string, KubeObject>()
    kinds.set(key, objects)
    return objects
  }
  // Listeners change the store themselves: later changes wait until everyone has seen the earlier one, so that all see the same order.
  const pending: Change[] = []
  let telling = false
  const tell = (change: Change) => {
    history.push(change)
    if (history.length > 2 * historyLength) {
      history = history.slice(-historyLength)
      oldest = (history[0]?.version ?? version) - 1
    }
    pending.push(change)
    if (telling) return
    telling = true
    try {
      for (let next = pending.shift(); next; next = pending.shift()) for (const listener of [...listeners]) listener(next)
    } finally {
      telling = false
      pending.length = 0
    }
  }
  return {
    version: () => version,
    get: (resource, namespace, name) => of(resource).get(objectKey(namespace, name)),
    list: (resource, namespace) => {
      const key = kindKey(resource)
      let all = sorted.get(key)
      if (!all) {
        all = [...of(resource).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object)
        sorted.set(key, all)
      }
      return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace)
    },
    put: (resource, object) => {
      const key = objectKey(object.metadata.namespace, object.metadata.name)
      const old = of(resource).get(key)
      version++
      const stored = freeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } })
      of(resource).set(key, stored)
      sorted.delete(kindKey(resource))
      tell({ type: old ? 'MODIFIED' : 'ADDED', resource, object: stored, ...(old ? { old } : {}), version })
      return stored
    },
    remove: (resource, object) => {
      const key = objectKey(object.metadata.namespace, object.metadata.name)
      const old = of(resource).get(key)
      version++
      const gone = freeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } })
      of(resource).delete(key)
      sorted.delete(kindKey(resource))
      tell({ type: 'DELETED', resource, object: gone, old: old ?? object, version })
      return gone
    },
    since: (from) => {
      if (from < oldest) return undefined
      return history.filter((change) => change.version > from)
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    snapshot: () => ({ version, kinds: new Map([...kinds].map(([key, objects]) => [key, new Map(objects)])) }),
    restore: (snapshot) => {
      kinds = new Map([...snapshot.kinds].map(([key, objects]) => [key, new Map(objects)]))
      sorted.clear()
      history = []
      pending.length = 0
      version = Math.max(version, snapshot.version) + 1
      oldest = version
      for (const listener of [...restored]) listener()
    },
    onRestore: (listener) => {
      restored.add(listener)
      return () => void restored.delete(listener)
    },
  }
}
