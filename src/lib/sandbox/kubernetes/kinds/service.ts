import { isJson } from '../schema/json.ts'
import { type Cause, invalidValue, required, unsupported } from '../status.ts'
import { type Kind, spec } from './kind.ts'

const text = (value: unknown) => String(value ?? '')

export const service: Kind = {
  name: 'service',
  default: (o) => {
    const of = spec(o)
    of['type'] ??= 'ClusterIP'
    of['sessionAffinity'] ??= 'None'
    if (of['type'] !== 'ExternalName') {
      of['internalTrafficPolicy'] ??= 'Cluster'
      of['ipFamilies'] ??= ['IPv4']
      of['ipFamilyPolicy'] ??= 'SingleStack'
    }
    for (const port of Array.isArray(of['ports']) ? of['ports'].filter(isJson) : []) {
      port['protocol'] ??= 'TCP'
      port['targetPort'] ??= port['port']
    }
    o['status'] ??= { loadBalancer: {} }
  },
  create: (o, around) => {
    const of = spec(o)
    if (of['type'] === 'ExternalName') return
    of['clusterIP'] ??= around.clusterIP()
    of['clusterIPs'] ??= [of['clusterIP']]
  },
  update: (o, old) => {
    const of = spec(o)
    for (const field of ['clusterIP', 'clusterIPs']) if (spec(old)[field] !== undefined) of[field] ??= spec(old)[field]
  },
  validate: (o) => {
    const of = spec(o)
    const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
    const causes: Cause[] = []
    const ports = Array.isArray(of['ports']) ? of['ports'].filter(isJson) : []
    if (ports.length === 0 && of['clusterIP'] !== 'None' && of['type'] !== 'ExternalName') causes.push(required('spec.ports'))
    ports.forEach((port, at) => {
      const number = Number(port['port'] ?? 0)
      if (number < 1 || number > 65535)
        causes.push(invalidValue(`spec.ports[${at}].port`, number, 'must be between 1 and 65535, inclusive'))
      if (ports.length > 1 && !port['name']) causes.push(required(`spec.ports[${at}].name`))
    })
    if (!types.includes(text(of['type']))) causes.push(unsupported('spec.type', of['type'], types))
    return causes
  },
  validateUpdate: (o, old) => {
    const is = spec(o)['clusterIP']
    const was = spec(old)['clusterIP']
    return was !== undefined && is !== was && spec(o)['type'] !== 'ExternalName'
      ? [
          {
            reason: 'FieldValueInvalid',
            message: `Invalid value: ${JSON.stringify([is])}: may not change once set`,
            field: 'spec.clusterIPs[0]',
          },
        ]
      : []
  },
  fields: (o) => ({ 'spec.clusterIP': text(spec(o)['clusterIP']), 'spec.type': text(spec(o)['type']) }),
}
