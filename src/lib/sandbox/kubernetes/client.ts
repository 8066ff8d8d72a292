import type { Registry } from './registry.ts'
import { type Resource, resourceNamed, resourceOf } from './resources.ts'
import { copy, type Json } from './schema/json.ts'
import { noSuchResource } from './status.ts'
import type { Store } from './store.ts'
import type { Client, KubeObject, ResourceName } from './types.ts'

const known = (name: ResourceName): Resource => {
  const resource = resourceNamed(name)
  if (!resource) throw noSuchResource()
  return resource
}

/** The API server for those who live in its process. */
export function createClient(store: Store, registry: Registry): Client {
  const controller = 'kube-controller-manager'
  const place = (resource: Resource, namespace: string | undefined) => (resource.namespaced ? namespace : undefined)
  return {
    get: (name, object, namespace) => store.get(name, place(known(name), namespace), object),
    list: (name, where = {}) => {
      const labels = Object.entries(where.labels ?? {})
      return store.list(name, where.namespace).filter((object) => labels.every(([key, value]) => object.metadata.labels?.[key] === value))
    },
    create: (object, options = {}) => {
      const resource = resourceOf(object.apiVersion, object.kind)
      if (!resource) throw noSuchResource()
      return registry.create(resource, place(resource, object.metadata.namespace ?? 'default'), object as unknown as Json, {
        manager: options.manager ?? controller,
        fieldValidation: 'Ignore',
      }).object
    },
    update: (name, object, namespace, change, options = {}) => {
      const resource = known(name)
      const stored = store.get(name, place(resource, namespace), object)
      if (!stored) return undefined
      const draft: KubeObject = copy(stored)
      change(draft)
      const write = {
        manager: options.manager ?? controller,
        fieldValidation: 'Ignore' as const,
        ...(options.subresource === undefined ? {} : { subresource: options.subresource }),
      }
      return registry.update(resource, place(resource, namespace), object, draft as unknown as Json, write).object
    },
    delete: (name, object, namespace, options = {}) => {
      const resource = known(name)
      if (store.get(name, place(resource, namespace), object)) registry.delete(resource, place(resource, namespace), object, options)
    },
    watch: (listener) => store.subscribe(({ version: _, ...event }) => listener(event)),
  }
}
