import { isJson, type Json, same } from '../schema/json.ts'
import { forbiddenValue } from '../status.ts'
import { type Kind, spec } from './kind.ts'
import { defaultPodSpec, qosClass, validatePodSpec } from './pod-spec.ts'
import { podSpecDifference } from './pod-spec-difference.ts'

const object = (value: unknown): Json => (isJson(value) ? value : {})
const text = (value: unknown) => String(value ?? '')

export const pod: Kind = {
  default: (o) => {
    defaultPodSpec(spec(o))
    spec(o)['enableServiceLinks'] ??= true
    // A time in Go, which is always written.
    const conditions = object(o['status'])['conditions']
    for (const condition of Array.isArray(conditions) ? conditions.filter(isJson) : []) condition['lastProbeTime'] ??= null
  },
  create: (o) => {
    const of = spec(o)
    of['serviceAccountName'] ??= 'default'
    of['serviceAccount'] = of['serviceAccountName']
    of['priority'] ??= 0
    of['preemptionPolicy'] ??= 'PreemptLowerPriority'
    const tolerations = Array.isArray(of['tolerations']) ? of['tolerations'].filter(isJson) : []
    for (const taint of ['not-ready', 'unreachable'])
      if (
        !tolerations.some(
          (t) =>
            (t['key'] === `node.kubernetes.io/${taint}` || (t['key'] === undefined && t['operator'] === 'Exists')) &&
            (t['effect'] === 'NoExecute' || t['effect'] === undefined),
        )
      )
        tolerations.push({ key: `node.kubernetes.io/${taint}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 })
    of['tolerations'] = tolerations
    o['status'] = { phase: 'Pending', qosClass: qosClass(of) }
  },
  validate: (o) => validatePodSpec(spec(o), 'spec'),
  validateUpdate: (o, old) => {
    const allowed = (of: Json): Json => ({
      ...of,
      containers: (Array.isArray(of['containers']) ? of['containers'] : []).map((c: unknown) => ({ ...object(c), image: '' })),
      ...(Array.isArray(of['initContainers'])
        ? { initContainers: of['initContainers'].map((c: unknown) => ({ ...object(c), image: '' })) }
        : {}),
      activeDeadlineSeconds: undefined,
      tolerations: undefined,
      // Only a server without this pod's node may write it: binding does.
      terminationGracePeriodSeconds: undefined,
    })
    if (same(allowed(spec(o)), allowed(spec(old)))) return []
    const but =
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'
    return [forbiddenValue('spec', `${but}\n${podSpecDifference(spec(old), spec(o))}`)]
  },
  fields: (o) => ({
    'spec.nodeName': text(spec(o)['nodeName']),
    'spec.restartPolicy': text(spec(o)['restartPolicy']),
    'spec.schedulerName': text(spec(o)['schedulerName']),
    'spec.serviceAccountName': text(spec(o)['serviceAccountName']),
    'spec.hostNetwork': text(spec(o)['hostNetwork'] ?? false),
    'status.phase': text(object(o['status'])['phase']),
    'status.podIP': text(object(o['status'])['podIP']),
    'status.podIPs': text(object(o['status'])['podIP']),
    'status.nominatedNodeName': text(object(o['status'])['nominatedNodeName']),
  }),
}
