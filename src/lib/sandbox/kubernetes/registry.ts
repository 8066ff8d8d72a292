import type { Surroundings } from './kinds/kind.ts'
import type { Resource } from './resources.ts'
import type { Json } from './schema/json.ts'
import type { Store } from './store.ts'
import type { KubeObject } from './types.ts'
import { create } from './writing/create.ts'
import { patch } from './writing/patch.ts'
import { stored } from './writing/reading.ts'
import { remove } from './writing/remove.ts'
import { update } from './writing/replace.ts'
import type { Deletion, PatchType, Result, Write } from './writing/requests.ts'

/** What becomes of one write, from the decoded body to the stored object: admission, defaults, validation, field ownership. */
export interface Registry {
  get(resource: Resource, namespace: string | undefined, name: string): KubeObject
  create(resource: Resource, namespace: string | undefined, body: Json, write: Write): Result
  update(resource: Resource, namespace: string | undefined, name: string, body: Json, write: Write): Result
  patch(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    body: unknown,
    write: Write & { readonly force?: boolean },
  ): Result
  delete(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    deletion: Deletion,
  ): { readonly object: KubeObject; readonly gone: boolean }
}

// Kinds whose deletion answers with the object even when it is gone.
const returnsDeleted = new Set(['Pod', 'Service', 'PersistentVolume', 'PersistentVolumeClaim', 'ServiceAccount', 'ResourceQuota'])
export const answersWithObject = (resource: Resource) => returnsDeleted.has(resource.kind)

export function createRegistry(store: Store, around: Surroundings): Registry {
  const writing = { store, around }
  return {
    get: (resource, namespace, name) => stored(store, resource, namespace, name),
    create: (resource, namespace, body, write) => create(writing, resource, namespace, body, write),
    update: (resource, namespace, name, body, write) => update(writing, resource, namespace, name, body, write),
    patch: (resource, namespace, name, type, body, write) => patch(writing, resource, namespace, name, type, body, write),
    delete: (resource, namespace, name, deletion) => remove(writing, resource, stored(store, resource, namespace, name), deletion),
  }
}
