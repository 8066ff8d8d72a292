import { DecodeError, decode } from '../decoding.ts'
import { groupVersion, type Resource } from '../resources.ts'
import { isJson, type Json } from '../schema/json.ts'
import { struct } from '../schema/schema.ts'
import { badRequest, type Cause, invalid, notFound } from '../status.ts'
import type { Store } from '../store.ts'
import type { KubeObject } from '../types.ts'
import { accept, stored as home } from './forms.ts'
import type { Write } from './requests.ts'

export const typed = (resource: Pick<Resource, 'type'>) => struct(resource.type)

/** A body as an object of the resource's kind, as it is stored, and what it holds that the kind does not know; throws DecodeError. */
export function read(
  resource: Pick<Resource, 'group' | 'version' | 'kind' | 'type'>,
  body: Json,
  write: Write,
): { object: KubeObject; warnings: readonly string[] } {
  const apiVersion = groupVersion(resource)
  const { object, unknown } = decode(typed(resource), body)
  if (unknown.length > 0 && write.fieldValidation === 'Strict') throw new DecodeError(`strict decoding error: ${unknown.join(', ')}`)
  const metadata = isJson(object['metadata']) ? object['metadata'] : {}
  const whole = { ...object, kind: resource.kind, apiVersion, metadata } as unknown as KubeObject
  return { object: accept(resource, whole), warnings: write.fieldValidation === 'Ignore' ? [] : unknown }
}

/** 400 for a body that is none of the resource's kind. */
export const decoding = <T>(resource: Pick<Resource, 'version' | 'kind'>, from: () => T): T => {
  try {
    return from()
  } catch (error) {
    if (error instanceof DecodeError)
      throw badRequest(`${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${error.message}`)
    throw error
  }
}

/** 422 when there are causes, with what the body was warned of. */
export const refuse = (resource: Resource, name: string, causes: readonly Cause[], warnings: readonly string[]) => {
  if (causes.length > 0) throw Object.assign(invalid(resource, name, causes), { warnings })
}

export function sameIdentity(wanted: { readonly metadata: Partial<KubeObject['metadata']> }, namespace: string | undefined, name: string) {
  if (wanted.metadata.name && wanted.metadata.name !== name)
    throw badRequest(`the name of the object (${wanted.metadata.name}) does not match the name on the URL (${name})`)
  if (wanted.metadata.namespace && namespace !== undefined && wanted.metadata.namespace !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
}

export function stored(store: Store, resource: Resource, namespace: string | undefined, name: string): KubeObject {
  const object = store.get(home(resource), resource.namespaced ? namespace : undefined, name)
  if (!object) throw notFound(resource, name)
  return object
}
