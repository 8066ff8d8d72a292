import { goStruct } from '../schema/go-value.ts'
import { isJson, type Json, same } from '../schema/json.ts'
import { matchesLabelSelector } from '../selectors.ts'
import { type Cause, forbiddenValue, invalidValue, required, unsupported } from '../status.ts'
import type { KubeObject } from '../types.ts'
import { ensure, type Kind, spec } from './kind.ts'
import { defaultPodSpec, validatePodSpec } from './pod-spec.ts'

const object = (value: unknown): Json => (isJson(value) ? value : {})

/** Fills in what the API server fills in for what pods are made from. */
export function defaultTemplate(of: Json): void {
  const template = ensure(of, 'template')
  template['metadata'] = object(template['metadata'])
  template['spec'] ??= {}
  defaultPodSpec(object(template['spec']))
}

/** A map or selector as the server prints it: JSON, its keys in their order. */
const sorted = (labels: Json): string =>
  JSON.stringify(Object.fromEntries(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1))))
const raw = (field: string, value: string, detail: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${value}: ${detail}`,
  field,
})
/** What is wrong with a number that may not be negative. */
export const atLeastZero = (field: string, value: unknown): Cause[] =>
  Number(value) < 0 ? [invalidValue(field, value, 'must be greater than or equal to 0')] : []

function validateWorkload(of: Json): Cause[] {
  const causes = [...atLeastZero('spec.replicas', of['replicas']), ...atLeastZero('spec.minReadySeconds', of['minReadySeconds'])]
  const selector = object(of['selector'])
  const template = object(of['template'])
  const labels = object(object(template['metadata'])['labels'])
  if (of['selector'] === undefined) causes.push(required('spec.selector'))
  else if (Object.keys(selector).length === 0)
    causes.push(raw('spec.selector', sorted(selector), 'empty selector is invalid for deployment'))
  if (of['selector'] === undefined || !matchesLabelSelector(selector, labels))
    causes.push(raw('spec.template.metadata.labels', sorted(labels), '`selector` does not match template `labels`'))
  const pod = object(template['spec'])
  causes.push(...validatePodSpec(pod, 'spec.template.spec'))
  if (pod['restartPolicy'] !== 'Always')
    causes.push({
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ${JSON.stringify(pod['restartPolicy'])}: supported values: "Always"`,
      field: 'spec.template.spec.restartPolicy',
    })
  return causes
}

const immutableSelector = (now: Json, old: Json): Cause[] =>
  same(now['selector'], old['selector']) ? [] : [raw('spec.selector', sorted(object(now['selector'])), 'field is immutable')]

export const deployment: Kind = {
  generation: 'spec and annotations',
  default: (o) => {
    const of = spec(o)
    of['replicas'] ??= 1
    defaultTemplate(of)
    const strategy = ensure(of, 'strategy')
    strategy['type'] ??= 'RollingUpdate'
    if (strategy['type'] === 'RollingUpdate')
      strategy['rollingUpdate'] = { maxUnavailable: '25%', maxSurge: '25%', ...object(strategy['rollingUpdate']) }
    of['revisionHistoryLimit'] ??= 10
    of['progressDeadlineSeconds'] ??= 600
    o['status'] ??= {}
  },
  validate: (o) => {
    const of = spec(o)
    const causes = validateWorkload(of)
    const strategy = object(of['strategy'])
    if (!['RollingUpdate', 'Recreate'].includes(String(strategy['type'])))
      causes.push({
        reason: 'FieldValueNotSupported',
        message: `Unsupported value: ${JSON.stringify(strategy['type'])}: supported values: "Recreate", "RollingUpdate"`,
        field: 'spec.strategy.type',
      })
    if (strategy['type'] === 'Recreate' && strategy['rollingUpdate'])
      causes.push(forbiddenValue('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'"))
    causes.push(
      ...atLeastZero('spec.revisionHistoryLimit', of['revisionHistoryLimit']),
      ...atLeastZero('spec.progressDeadlineSeconds', of['progressDeadlineSeconds']),
    )
    if (Number(of['progressDeadlineSeconds']) <= Number(of['minReadySeconds'] ?? 0))
      causes.push(invalidValue('spec.progressDeadlineSeconds', of['progressDeadlineSeconds'], 'must be greater than minReadySeconds'))
    return causes
  },
  validateUpdate: (o, old) => immutableSelector(spec(o), spec(old)),
}

export const replicaSet: Kind = {
  generation: 'spec',
  default: (o) => {
    spec(o)['replicas'] ??= 1
    defaultTemplate(spec(o))
    o['status'] ??= { replicas: 0 }
  },
  validate: (o) => validateWorkload(spec(o)),
  validateUpdate: (o, old) => immutableSelector(spec(o), spec(old)),
  fields: (o) => ({ 'status.replicas': String(object(o['status'])['replicas'] ?? 0) }),
}

const set = (strategy: Json): Kind => ({
  generation: 'spec',
  default: (o) => {
    const of = spec(o)
    if (o.kind === 'StatefulSet') {
      of['replicas'] ??= 1
      of['podManagementPolicy'] ??= 'OrderedReady'
    }
    defaultTemplate(of)
    of['updateStrategy'] ??= structuredClone(strategy)
    of['revisionHistoryLimit'] ??= 10
    o['status'] ??=
      o.kind === 'StatefulSet'
        ? { replicas: 0, availableReplicas: 0 }
        : { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 }
  },
  validate: (o) => validateWorkload(spec(o)),
  validateUpdate: (o, old) => immutableSelector(spec(o), spec(old)),
})
const templateGeneration = 'deprecated.daemonset.template.generation'
const counted = (o: KubeObject, number: number) => {
  o.metadata.annotations = { ...o.metadata.annotations, [templateGeneration]: String(number) }
}
const isNothing = (value: unknown) => value === undefined || Number.parseInt(String(value), 10) === 0
const daemonSetBase = set({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } })
export const daemonSet: Kind = {
  ...daemonSetBase,
  default: (o) => {
    daemonSetBase.default?.(o)
    const strategy = object(spec(o)['updateStrategy'])
    if (strategy['type'] === 'RollingUpdate')
      strategy['rollingUpdate'] = { maxUnavailable: 1, maxSurge: 0, ...object(strategy['rollingUpdate']) }
  },
  create: (o) => counted(o, 1),
  update: (o, old) => {
    const was = Number(old.metadata.annotations?.[templateGeneration] ?? 1)
    counted(o, same(spec(o)['template'], spec(old)['template']) ? was : was + 1)
  },
  validate: (o, old) => {
    const { type, rollingUpdate } = object(spec(o)['updateStrategy'])
    const { maxUnavailable, maxSurge } = object(rollingUpdate)
    const path = 'spec.updateStrategy'
    const causes = [...(old ? immutableSelector(spec(o), spec(old)) : []), ...validateWorkload(spec(o))]
    const types = ['RollingUpdate', 'OnDelete']
    if (!types.includes(String(type)))
      causes.push(unsupported(path, { ...goStruct({ type }, ['type']), RollingUpdate: rollingUpdate ?? null }, types))
    if (type === 'RollingUpdate' && isNothing(maxUnavailable) && isNothing(maxSurge))
      causes.push(required(`${path}.rollingUpdate.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
    if (type === 'RollingUpdate' && !isNothing(maxUnavailable) && !isNothing(maxSurge))
      causes.push(invalidValue(`${path}.rollingUpdate.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'))
    return causes
  },
  validateUpdate: () => [],
}
export const statefulSet = set({ type: 'RollingUpdate', rollingUpdate: { partition: 0 } })

const jobLabels = (o: { metadata: { name: string; uid?: string } }) => {
  const uid = o.metadata.uid ?? ''
  const name = o.metadata.name ?? ''
  return {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  }
}

export const job: Kind = {
  generation: 'spec',
  default: (o) => {
    const of = spec(o)
    if (of['completions'] === undefined && of['parallelism'] === undefined) of['completions'] = 1
    of['parallelism'] ??= 1
    of['backoffLimit'] ??= 6
    of['completionMode'] ??= 'NonIndexed'
    of['suspend'] ??= false
    of['podReplacementPolicy'] ??= object(of['podFailurePolicy'])['rules'] ? 'Failed' : 'TerminatingOrFailed'
    of['manualSelector'] ??= false
    defaultTemplate(of)
    const labels = object(object(object(of['template'])['metadata'])['labels'])
    if (!o.metadata.labels && Object.keys(labels).length > 0) o.metadata.labels = { ...(labels as Record<string, string>) }
    o['status'] ??= {}
  },
  complete: (o) => {
    const of = spec(o)
    o['status'] = {}
    if (of['manualSelector'] === true) return
    const labels = jobLabels(o)
    const metadata = object(object(of['template'])['metadata'])
    metadata['labels'] = { ...object(metadata['labels']), ...labels }
    of['selector'] = { matchLabels: { 'batch.kubernetes.io/controller-uid': o.metadata.uid } }
    if (!o.metadata.labels) o.metadata.labels = { ...(metadata['labels'] as Record<string, string>) }
  },
  validate: (o) => {
    const of = spec(o)
    const pod = object(object(of['template'])['spec'])
    const causes = ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished'].flatMap((field) =>
      atLeastZero(`spec.${field}`, of[field]),
    )
    causes.push(...validatePodSpec(pod, 'spec.template.spec'))
    if (pod['restartPolicy'] === 'Always')
      causes.push({
        reason: 'FieldValueNotSupported',
        message: 'Unsupported value: "Always": supported values: "OnFailure", "Never"',
        field: 'spec.template.spec.restartPolicy',
      })
    return causes
  },
  validateUpdate: (o, old) => {
    const now = spec(o)
    const was = spec(old)
    const fixed = (field: string): Cause[] =>
      same(now[field], was[field]) ? [] : [invalidValue(`spec.${field}`, now[field], 'field is immutable')]
    return [
      ...fixed('completions'),
      ...fixed('selector'),
      ...(was['suspend'] === true ? [] : fixed('template')),
      ...fixed('completionMode'),
      ...fixed('podFailurePolicy'),
    ]
  },
  fields: (o) => ({ 'status.successful': String(object(o['status'])['succeeded'] ?? 0) }),
}
