import { isJson, type Json, same } from '../schema/json.ts'
import type { Struct } from '../schema/schema.ts'
import { compare, difference, type Fields, fromFieldsV1, intersection, isEmpty, none, toFieldsV1, union } from './field-set.ts'

/** One manager's entry in `managedFields`, with its set unpacked. */
export interface Owner {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
  /** Empty for a manager that has applied what was there already. */
  readonly time: string
  readonly fields: Fields
}

export type Writer = Pick<Owner, 'manager' | 'operation' | 'apiVersion' | 'subresource'>

export const sameWriter = (a: Writer, b: Writer) =>
  a.manager === b.manager && a.operation === b.operation && a.subresource === b.subresource

// What the server itself writes has no owner.
const unowned = ['f:apiVersion', 'f:kind']
const unownedMetadata = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generateName',
]
const secretSource = 'f:stringData'

/** What of the fields somebody can own. The plain text of a Secret is not there to be owned, but an applier has named it. */
export function owned(fields: Fields, applied = false): Fields {
  const below = new Map(fields.below)
  for (const key of applied ? unowned : [...unowned, secretSource]) below.delete(key)
  const metadata = below.get('f:metadata')
  if (metadata) {
    const inner = new Map(metadata.below)
    for (const name of unownedMetadata) inner.delete(`f:${name}`)
    if (inner.size > 0) below.set('f:metadata', { member: false, below: inner })
    else below.delete('f:metadata')
  }
  return { member: false, below }
}

export function readOwners(metadata: Json): readonly Owner[] {
  const entries = Array.isArray(metadata['managedFields']) ? metadata['managedFields'].filter(isJson) : []
  return entries.map((entry) => ({
    manager: String(entry['manager'] ?? ''),
    operation: entry['operation'] === 'Apply' ? 'Apply' : 'Update',
    apiVersion: String(entry['apiVersion'] ?? ''),
    subresource: String(entry['subresource'] ?? ''),
    time: String(entry['time'] ?? ''),
    fields: fromFieldsV1(entry['fieldsV1']),
  }))
}

/** The wire form: those who apply first, then by time and name, as the server sorts them. */
export function writeOwners(owners: readonly Owner[]): Json[] {
  const order = (owner: Owner) => [owner.operation, owner.time, owner.manager, owner.apiVersion, owner.subresource].join(' ')
  return owners
    .filter((owner) => !isEmpty(owner.fields))
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
    .map(({ manager, operation, apiVersion, subresource, time, fields }) => ({
      manager,
      operation,
      apiVersion,
      ...(time === '' ? {} : { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: toFieldsV1(fields),
      ...(subresource === '' ? {} : { subresource }),
    }))
}

/** The owners that an update begins with: those that it sends itself, where it sends any that can be read. */
export function ownersFor(old: Json, wanted: Json): Json {
  const sent = wanted['managedFields']
  const entries = Array.isArray(sent) ? sent.filter(isJson) : []
  const [first] = entries
  if (entries.length === 1 && first && Object.keys(first).length === 0) return { ...old, managedFields: [] }
  const readable = entries.length > 0 && entries.every((entry) => entry['fieldsType'] === 'FieldsV1')
  return readable ? { ...old, managedFields: entries } : old
}

/** Gives `writer` the fields that a change has set, and takes them (and what the change removed) from all others. */
export function recordUpdate(type: Struct, old: Json | undefined, now: Json, writer: Writer, time: string): Json[] {
  const before = readOwners(isJson(old?.['metadata']) ? old['metadata'] : {})
  const { changed: all, removed: gone } = compare(type, old ?? blank(type), now)
  const changed = owned(all)
  const removed = owned(gone)
  const owners: Owner[] = []
  let mine: Owner | undefined
  for (const owner of before) {
    if (sameWriter(owner, writer)) {
      mine = owner
      continue
    }
    owners.push({ ...owner, fields: difference(difference(owner.fields, intersection(owner.fields, changed)), removed) })
  }
  const fields = union(difference(mine?.fields ?? none(), removed), changed)
  const unchanged = mine && same(toFieldsV1(mine.fields), toFieldsV1(fields)) && isEmpty(changed)
  owners.push({ ...writer, time: unchanged && mine ? mine.time : time, fields })
  return writeOwners(owners)
}

// Structs that Go holds by value exist in every object, so that nobody owns their being there.
const byValue: Readonly<Record<string, readonly string[]>> = {
  DeploymentSpec: ['strategy', 'template'],
  ReplicaSetSpec: ['template'],
  DaemonSetSpec: ['updateStrategy', 'template'],
  StatefulSetSpec: ['updateStrategy', 'template'],
  JobSpec: ['template'],
  CronJobSpec: ['jobTemplate'],
  JobTemplateSpec: ['metadata', 'spec'],
  PodTemplateSpec: ['metadata', 'spec'],
  Event: ['source', 'involvedObject'],
  EventsEvent: ['deprecatedSource', 'regarding'],
  ServiceStatus: ['loadBalancer'],
  PersistentVolumeClaimSpec: ['resources'],
  NodeStatus: ['daemonEndpoints', 'nodeInfo'],
  ResourceAttributes: [],
}

/** What a new object of the type holds before anything is written into it. */
function blank(type: Struct): Json {
  const out: Json = {}
  const roots = type.fields.has('metadata') && type.fields.has('kind') ? ['metadata', 'spec', 'status'] : []
  for (const name of [...roots, ...(byValue[type.name] ?? [])]) {
    const field = type.fields.get(name)
    if (field?.of === 'struct') out[name] = blank(field)
  }
  if (type.name === 'PodSpec') out['containers'] = []
  if (type.name === 'Event') Object.assign(out, { reportingComponent: '', reportingInstance: '' })
  return out
}
