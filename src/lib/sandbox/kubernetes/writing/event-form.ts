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

const rename = (object: Json, names: ReadonlyMap<string, string>) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [names.get(key) ?? key, value]))
const empty = (value: unknown) => value === null || value === '' || (isJson(value) && Object.keys(value).length === 0)

/** A stored event as events.k8s.io shows it. */
export function newerEventOf(object: KubeObject): KubeObject {
  const kept = Object.entries(rename(object as unknown as Json, toEvents)).filter(([key, value]) => always.has(key) || !empty(value))
  return { ...Object.fromEntries(kept), apiVersion: 'events.k8s.io/v1', kind: 'Event' } as KubeObject
}

/** What a client sends as events.k8s.io, in the form in which it is stored. */
export const coreEventOf = (object: KubeObject): KubeObject =>
  ({ ...rename(object as unknown as Json, toCore), apiVersion: 'v1' }) as KubeObject
