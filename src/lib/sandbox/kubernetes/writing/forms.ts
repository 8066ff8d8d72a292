import { type Resource, resourceAt } from '../resources.ts'
import type { KubeObject } from '../types.ts'
import { newerAutoscaler, olderAutoscaler } from './autoscaler-form.ts'
import { coreEventOf, newerEventOf } from './event-form.ts'

/** A second form in which a client may speak of the same objects. */
interface Form {
  readonly home: Resource | undefined
  readonly show: (object: KubeObject) => KubeObject
  readonly take: (object: KubeObject) => KubeObject
}
type Typed = Pick<Resource, 'type'>

const forms: Readonly<Record<string, Form>> = {
  EventsEvent: { home: resourceAt('', 'v1', 'events'), show: newerEventOf, take: coreEventOf },
  OlderAutoscaler: { home: resourceAt('autoscaling', 'v2', 'horizontalpodautoscalers'), show: olderAutoscaler, take: newerAutoscaler },
}

/** Where objects of the resource are stored. */
export const stored = (resource: Resource): Resource => forms[resource.type]?.home ?? resource

/** A stored object in the form of the resource that a client asks for. */
export const present = (resource: Typed, object: KubeObject): KubeObject => forms[resource.type]?.show(object) ?? object

/** What a client sends of the resource, in the form in which it is stored. */
export const accept = (resource: Typed, object: KubeObject): KubeObject => forms[resource.type]?.take(object) ?? object
