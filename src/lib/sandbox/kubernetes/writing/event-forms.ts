import { type Resource, resourceAt } from '../resources.ts'
import { isJson, type Json } from '../schema/json.ts'
import type { KubeObject } from '../types.ts'

/** Events are stored once, in the core group's form; the newer group shows and takes the same objects under other names. */
const pairs: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
]
const toEvents = new Map(pairs)
const toCore = new Map(pairs.map(([core, events]) => [events, core]))
/** Shown whatever they hold. */
const always = new Set(['metadata', 'eventTime', 'deprecatedSource', 'deprecatedFirstTimestamp', 'deprecatedLastTimestamp'])

type Typed = Pick<Resource, 'type'>
const isNewerEvent = (resource: Typed) => resource.type === 'EventsEvent'
/** Where objects of the resource are stored. */
export const stored = (resource: Resource): Resource => (isNewerEvent(resource) ? (resourceAt('', 'v1', 'events') ?? resource) : resource)

const rename = (object: Json, names: ReadonlyMap<string, string>) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [names.get(key) ?? key, value]))
const empty = (value: unknown) => value === null || value === '' || (isJson(value) && Object.keys(value).length === 0)

/** A stored object in the form of the resource that a client asks for. */
export function present(resource: Typed, object: KubeObject): KubeObject {
  if (!isNewerEvent(resource)) return object
  const kept = Object.entries(rename(object as unknown as Json, toEvents)).filter(([key, value]) => always.has(key) || !empty(value))
  return { ...Object.fromEntries(kept), apiVersion: 'events.k8s.io/v1', kind: 'Event' } as KubeObject
}

/** What a client sends of the resource, in the form in which it is stored. */
export const accept = (resource: Typed, object: KubeObject): KubeObject =>
  isNewerEvent(resource) ? ({ ...rename(object as unknown as Json, toCore), apiVersion: 'v1' } as KubeObject) : object
