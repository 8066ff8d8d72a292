import { isJson, type Json } from '../schema/json.ts'
import type { Cause } from '../status.ts'
import type { KubeObject } from '../types.ts'

/** What a kind may ask of the server while an object of it is prepared. */
export interface Surroundings {
  readonly now: () => string
  readonly uid: () => string
  /** An address of the services' network that no Service has. */
  readonly clusterIP: () => string
}

/** What is special about a kind. Every part is optional: a kind without rules is stored as it decodes. */
export interface Kind {
  /** Fills in defaults; also runs on what a client leaves out in an update. */
  readonly default?: (object: KubeObject) => void
  /** What the server writes itself when an object is created. */
  readonly create?: (object: KubeObject, around: Surroundings) => void
  /** What it writes once the fields have their owners: nobody owns it. */
  readonly complete?: (object: KubeObject, around: Surroundings) => void
  /** What an update keeps of the old object whatever the client sends. */
  readonly update?: (object: KubeObject, old: KubeObject) => void
  /** Drops what stands behind a feature gate that is closed; whoever sent it is its owner all the same. */
  readonly gated?: (object: KubeObject) => void
  /** `old` where an object is written anew: for kinds that look at what changed first. */
  readonly validate?: (object: KubeObject, old?: KubeObject) => readonly Cause[]
  readonly validateUpdate?: (object: KubeObject, old: KubeObject) => readonly Cause[]
  /** Fields besides the name and namespace that a field selector may name, with their values. */
  readonly fields?: (object: KubeObject) => Readonly<Record<string, string>>
  /** What `metadata.generation` counts changes of. */
  readonly generation?: 'spec' | 'spec and annotations'
  readonly warnings?: (object: KubeObject) => readonly string[]
  /** What `metadata.name` must be; DNS subdomain if absent. */
  readonly name?: 'label' | 'service' | 'path'
}

/** The field's struct, made when it is absent. */
export function ensure(of: Record<string, unknown>, field: string): Json {
  if (!isJson(of[field])) of[field] = {}
  return of[field] as Json
}

export const spec = (object: KubeObject): Json => ensure(object, 'spec')
