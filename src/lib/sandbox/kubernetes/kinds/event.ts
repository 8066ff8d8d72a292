import { qualifiedName } from '../naming.ts'
import { goStruct } from '../schema/go-value.ts'
import { isJson, type Json, same } from '../schema/json.ts'
import { type Cause, invalidValue, required } from '../status.ts'
import type { KubeObject } from '../types.ts'
import type { Kind } from './kind.ts'

const object = (value: unknown): Json => (isJson(value) ? value : {})
const text = (value: unknown) => String(value ?? '')
const reference = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']

/** Fields that a selector may name, of what the event is about. */
const aboutFields = (o: KubeObject, prefix: string) => {
  const about = object(o['involvedObject'])
  return Object.fromEntries(reference.map((name) => [`${prefix}.${name}`, text(about[name])]))
}

/** Both groups ask this; what has an event's own time is of the newer form, whichever group it came by. */
function validate(o: KubeObject, controller: string): Cause[] {
  const about = object(o['involvedObject'])['namespace']
  const causes: Cause[] = []
  const newer = text(o['eventTime']) !== ''
  const elsewhere = about ? !newer && about !== o.metadata.namespace : o.metadata.namespace !== 'default'
  if (elsewhere) causes.push(invalidValue('involvedObject.namespace', about ?? '', 'does not match event.namespace'))
  if (!newer) return causes
  const short = (field: string, most: number) =>
    text(o[field]).length > most ? [invalidValue(field, '', `can have at most ${most} characters`)] : []
  const given = (field: string) => (text(o[field]) === '' ? [required(field)] : [])
  const by = text(o['reportingComponent'])
  causes.push(
    ...(by === '' ? [required(controller)] : []),
    ...qualifiedName(controller, by),
    ...['reportingInstance', 'action', 'reason'].flatMap((field) => [...given(field), ...short(field, 128)]),
    ...short('message', 1024),
  )
  return causes
}

const series = (o: KubeObject): Cause[] => {
  const { count, lastObservedTime } = object(o['series'])
  if (!isJson(o['series'])) return []
  return [
    ...(Number(count ?? 0) < 2 ? [invalidValue('series.count', '', 'should be at least 2')] : []),
    ...(text(lastObservedTime) === '' ? [invalidValue('series.lastObservedTime', '', 'needs to be set')] : []),
  ]
}

const unset = (o: KubeObject, field: string): Cause[] => {
  const value = o[field]
  const is = isJson(value) ? Object.keys(value).length > 0 : Boolean(value)
  return is ? [invalidValue(field, '', 'needs to be unset')] : []
}

const immutable = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
]
const goReference = (value: unknown) => ({ ...goStruct(value, reference), UID: text(object(value)['uid']) })

export const event: Kind = {
  default: (o) => {
    o['source'] ??= {}
    o['involvedObject'] ??= {}
    o['eventTime'] ??= null
    o['reportingComponent'] ??= ''
    o['reportingInstance'] ??= ''
    o['firstTimestamp'] ??= null
    o['lastTimestamp'] ??= null
  },
  validate: (o) => validate(o, 'reportingComponent'),
  fields: (o) => ({
    ...aboutFields(o, 'involvedObject'),
    reason: text(o['reason']),
    reportingComponent: text(o['reportingComponent']),
    source: text(object(o['source'])['component'] ?? o['reportingComponent']),
    type: text(o['type']),
  }),
}

/** The same events as events.k8s.io takes them: with what the older form left to chance, and nothing of it to be changed later. */
export const newerEvent: Kind = {
  ...event,
  validate: (o, old) => {
    const causes = validate(o, 'reportingController')
    if (old) return causes
    return [
      ...causes,
      ...series(o),
      ...(text(o['eventTime']) === '' ? [required('eventTime')] : []),
      ...(['Normal', 'Warning'].includes(text(o['type'])) ? [] : [invalidValue('type', '', `has invalid value: ${text(o['type'])}`)]),
      ...['firstTimestamp', 'lastTimestamp', 'count', 'source'].flatMap((field) => unset(o, field)),
    ]
  },
  validateUpdate: (o, old) => [
    ...(same(o['series'], old['series']) ? [] : series(o)),
    ...immutable.flatMap((field) =>
      same(o[field], old[field])
        ? []
        : [invalidValue(field, field === 'involvedObject' ? goReference(o[field]) : (o[field] ?? ''), 'field is immutable')],
    ),
  ],
  fields: (o) => ({
    ...aboutFields(o, 'regarding'),
    reason: text(o['reason']),
    reportingController: text(o['reportingComponent']),
    type: text(o['type']),
  }),
}
