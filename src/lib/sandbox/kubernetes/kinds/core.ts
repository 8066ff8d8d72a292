import { isJson, type Json, same } from '../schema/json.ts'
import { type Cause, forbiddenValue, invalidValue, required, unsupported } from '../status.ts'
import { type Kind, spec } from './kind.ts'
import { defaultPodSpec, qosClass, validatePodSpec } from './pod-spec.ts'
import { podSpecDifference } from './pod-spec-difference.ts'

const object = (value: unknown): Json => (isJson(value) ? value : {})
const text = (value: unknown) => String(value ?? '')
const key = /^[-._a-zA-Z0-9]+$/
const keyWords =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
const limit = 1024 * 1024

const keys = (data: Json, field: string): Cause[] =>
  Object.keys(data)
    .filter((name) => !key.test(name) || name.length > 253)
    .map((name) => invalidValue(`${field}[${name}]`, name, keyWords))

const unchangeable = (now: Json, old: Json, fields: readonly string[]): Cause[] => {
  if (old['immutable'] !== true) return []
  const causes = now['immutable'] === true ? [] : [forbiddenValue('immutable', 'field is immutable when `immutable` is set')]
  return [
    ...causes,
    ...fields
      .filter((field) => !same(object(now[field]), object(old[field])))
      .map((field) => forbiddenValue(field, 'field is immutable when `immutable` is set')),
  ]
}
const size = (...maps: Json[]) =>
  maps.reduce((sum, data) => sum + Object.values(data).reduce((n: number, value) => n + text(value).length, 0), 0)

export const configMap: Kind = {
  validate: (o) => [
    ...keys(object(o['data']), 'data'),
    ...keys(object(o['binaryData']), 'binaryData'),
    ...(size(object(o['data']), object(o['binaryData'])) > limit
      ? [{ reason: 'FieldValueTooLong', message: `Too long: may not be more than ${limit} bytes`, field: '' }]
      : []),
  ],
  validateUpdate: (o, old) => unchangeable(o, old, ['data', 'binaryData']),
}

const secretKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
}

export const secret: Kind = {
  default: (o) => {
    o['type'] ??= 'Opaque'
    const plain = object(o['stringData'])
    if (Object.keys(plain).length > 0)
      o['data'] = {
        ...object(o['data']),
        ...Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, Buffer.from(text(value)).toString('base64')])),
      }
    delete o['stringData']
  },
  validate: (o) => {
    const data = object(o['data'])
    const causes = [
      ...keys(data, 'data'),
      ...(secretKeys[text(o['type'])] ?? []).filter((name) => data[name] === undefined).map((name) => required(`data[${name}]`)),
    ]
    for (const name of ['.dockerconfigjson', '.dockercfg']) {
      if (!text(o['type']).startsWith('kubernetes.io/dockerc') || data[name] === undefined) continue
      const problem = notJson(Buffer.from(text(data[name]), 'base64').toString())
      if (problem) causes.push(invalidValue(`data[${name}]`, '<secret contents redacted>', problem))
    }
    if (o['type'] === 'kubernetes.io/basic-auth' && data['username'] === undefined && data['password'] === undefined)
      causes.push(required('data[username]'), required('data[password]'))
    return causes
  },
  validateUpdate: (o, old) => [
    ...(o['type'] === old['type'] ? [] : [invalidValue('type', o['type'], 'field is immutable')]),
    ...unchangeable(o, old, ['data']),
  ],
  fields: (o) => ({ type: text(o['type']) }),
  warnings: (o) => {
    if (o['type'] !== 'kubernetes.io/tls') return []
    const certificate = Buffer.from(text(object(o['data'])['tls.crt']), 'base64').toString()
    return /-----BEGIN CERTIFICATE-----/.test(certificate) ? [] : ['tls: failed to find any PEM data in certificate input']
  },
}

/** What Go's JSON parser says of a text; undefined when it is JSON. */
function notJson(content: string): string | undefined {
  try {
    JSON.parse(content)
    return undefined
  } catch {
    const first = content.trim()[0]
    if (first === undefined) return 'unexpected end of JSON input'
    return /[[{"]/.test(first) ? 'unexpected end of JSON input' : `invalid character '${first}' looking for beginning of value`
  }
}

export const pod: Kind = {
  default: (o) => {
    defaultPodSpec(spec(o))
    spec(o)['enableServiceLinks'] ??= true
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
  validate: (o) => {
    const about = object(o['involvedObject'])['namespace']
    const of = about ?? 'default'
    if (of === o.metadata.namespace) return []
    return [invalidValue('involvedObject.namespace', about ?? '', 'does not match event.namespace')]
  },
  fields: (o) => {
    const about = object(o['involvedObject'])
    return {
      ...Object.fromEntries(
        ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map((name) => [
          `involvedObject.${name}`,
          text(about[name]),
        ]),
      ),
      reason: text(o['reason']),
      reportingComponent: text(o['reportingComponent']),
      source: text(object(o['source'])['component'] ?? o['reportingComponent']),
      type: text(o['type']),
    }
  },
}

export const namespace: Kind = {
  name: 'label',
  create: (o) => {
    o.metadata.labels = { ...o.metadata.labels, 'kubernetes.io/metadata.name': o.metadata.name }
    spec(o)['finalizers'] = ['kubernetes']
    o['status'] = { phase: 'Active' }
  },
  update: (o, old) => {
    o['spec'] = old['spec']
    o.metadata.labels = { ...o.metadata.labels, 'kubernetes.io/metadata.name': o.metadata.name }
  },
  fields: (o) => ({ 'status.phase': text(object(o['status'])['phase']) }),
}

export const node: Kind = {
  default: (o) => {
    o['spec'] ??= {}
    o['status'] ??= {
      daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
      nodeInfo: {
        machineID: '',
        systemUUID: '',
        bootID: '',
        kernelVersion: '',
        osImage: '',
        containerRuntimeVersion: '',
        kubeletVersion: '',
        kubeProxyVersion: '',
        operatingSystem: '',
        architecture: '',
      },
    }
  },
  fields: (o) => ({ 'spec.unschedulable': text(spec(o)['unschedulable'] ?? false) }),
}

export const persistentVolumeClaim: Kind = {
  default: (o) => {
    spec(o)['volumeMode'] ??= 'Filesystem'
    o['status'] ??= { phase: 'Pending' }
  },
  create: (o) => {
    o.metadata.finalizers = [...new Set([...(o.metadata.finalizers ?? []), 'kubernetes.io/pvc-protection'])]
    o['status'] = { phase: 'Pending' }
  },
  validate: (o) => {
    const of = spec(o)
    const causes: Cause[] = []
    if (!Array.isArray(of['accessModes']) || of['accessModes'].length === 0)
      causes.push(required('spec.accessModes', 'at least 1 access mode is required'))
    if (object(object(of['resources'])['requests'])['storage'] === undefined) causes.push(required('spec.resources[storage]'))
    return causes
  },
}
