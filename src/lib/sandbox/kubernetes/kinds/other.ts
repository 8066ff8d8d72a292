import { goStruct } from '../schema/go-value.ts'
import { isJson, type Json, same } from '../schema/json.ts'
import { type Cause, invalidValue, required, unsupported } from '../status.ts'
import { type Kind, spec } from './kind.ts'

const object = (value: unknown): Json => (isJson(value) ? value : {})

export const lease: Kind = {
  default: (o) => void spec(o),
  // Coordinated leader election.
  gated: (o) => {
    delete spec(o)['strategy']
    delete spec(o)['preferredHolder']
  },
  validate: (o) => {
    const causes: Cause[] = []
    const duration = spec(o)['leaseDurationSeconds']
    if (duration !== undefined && Number(duration) <= 0)
      causes.push(invalidValue('spec.leaseDurationSeconds', duration, 'must be greater than 0'))
    const transitions = spec(o)['leaseTransitions']
    if (Number(transitions) < 0) causes.push(invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'))
    return causes
  },
}

export const podDisruptionBudget: Kind = {
  generation: 'spec',
  default: (o) => {
    spec(o)
    o['status'] ??= { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }
  },
  validate: (o) => {
    const { minAvailable, maxUnavailable } = spec(o)
    const shown = `policy.PodDisruptionBudgetSpec{MinAvailable:${JSON.stringify(minAvailable)}, MaxUnavailable:${JSON.stringify(maxUnavailable)}}`
    const causes: Cause[] = []
    const policy = spec(o)['unhealthyPodEvictionPolicy']
    const policies = ['AlwaysAllow', 'IfHealthyBudget']
    if (policy !== undefined && !policies.includes(String(policy)))
      causes.push(unsupported('spec.unhealthyPodEvictionPolicy', policy, policies))
    if (minAvailable !== undefined && maxUnavailable !== undefined)
      causes.push({
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${shown}: minAvailable and maxUnavailable cannot be both set`,
        field: 'spec',
      })
    for (const [field, value] of Object.entries({ minAvailable, maxUnavailable })) {
      if (typeof value === 'number' && value < 0) causes.push(invalidValue(`spec.${field}`, value, 'must be greater than or equal to 0'))
      if (typeof value === 'string' && !/^\d+%$/.test(value))
        causes.push(
          invalidValue(
            `spec.${field}`,
            value,
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
          ),
        )
    }
    return causes
  },
}

const roleRef: Kind = {
  name: 'path',
  default: (o) => {
    const ref = object(o['roleRef'])
    ref['apiGroup'] ??= 'rbac.authorization.k8s.io'
    for (const subject of Array.isArray(o['subjects']) ? o['subjects'].filter(isJson) : [])
      if (!subject['apiGroup'] && subject['kind'] !== 'ServiceAccount') subject['apiGroup'] = 'rbac.authorization.k8s.io'
  },
  validate: (o) => {
    const ref = object(o['roleRef'])
    const kinds = o.kind === 'RoleBinding' ? ['Role', 'ClusterRole'] : ['ClusterRole']
    const causes: Cause[] = []
    if (!kinds.includes(String(ref['kind'] ?? '')))
      causes.push({
        reason: 'FieldValueNotSupported',
        message: `Unsupported value: ${JSON.stringify(ref['kind'] ?? '')}: supported values: ${kinds.map((kind) => JSON.stringify(kind)).join(', ')}`,
        field: 'roleRef.kind',
      })
    if (!ref['name']) causes.push(required('roleRef.name'))
    return causes
  },
  validateUpdate: (o, old) =>
    same(o['roleRef'], old['roleRef'])
      ? []
      : [invalidValue('roleRef', goStruct(o['roleRef'], ['apiGroup', 'kind', 'name']), 'cannot change roleRef')],
}
const role: Kind = {
  name: 'path',
  default: (o) => {
    o['rules'] ??= null
  },
  validate: (o) =>
    (Array.isArray(o['rules']) ? o['rules'].filter(isJson) : []).flatMap((rule, at) =>
      Array.isArray(rule['verbs']) && rule['verbs'].length > 0
        ? []
        : [required(`rules[${at}].verbs`, 'verbs must contain at least one value')],
    ),
}

export { role, roleRef }
export const ingress: Kind = {
  generation: 'spec',
  default: (o) => {
    o['status'] ??= { loadBalancer: {} }
    for (const rule of Array.isArray(spec(o)['rules']) ? (spec(o)['rules'] as unknown[]).filter(isJson) : [])
      for (const path of Array.isArray(object(rule['http'])['paths']) ? (object(rule['http'])['paths'] as unknown[]).filter(isJson) : [])
        path['pathType'] ??= 'ImplementationSpecific'
  },
}
export const networkPolicy: Kind = {
  generation: 'spec',
  default: (o) => {
    spec(o)['podSelector'] ??= {}
    spec(o)['policyTypes'] ??= spec(o)['egress'] ? ['Ingress', 'Egress'] : ['Ingress']
  },
}
export const storageClass: Kind = {
  default: (o) => {
    o['reclaimPolicy'] ??= 'Delete'
    o['volumeBindingMode'] ??= 'Immediate'
  },
}
export const custom: Kind = { generation: 'spec' }
