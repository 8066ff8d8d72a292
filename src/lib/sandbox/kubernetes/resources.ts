import type { ResourceName } from './types.ts'

/** One resource of the API: how it is named, what it holds, what may be done with it. */
export interface Resource extends ResourceName {
  readonly version: string
  readonly kind: string
  /** The type in schema/ that its objects have. */
  readonly type: string
  readonly singular: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly verbs: readonly string[]
  readonly subresources: readonly Subresource[]
}

export interface Subresource {
  readonly name: string
  readonly group?: string
  readonly version?: string
  readonly kind: string
  readonly verbs: readonly string[]
}

const all = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const status = (kind: string): Subresource => ({ name: 'status', kind, verbs: ['get', 'patch', 'update'] })
const scale: Subresource = { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] }
const stream = (name: string, kind: string): Subresource => ({ name, kind, verbs: ['create', 'get'] })

interface Extra {
  readonly short?: string
  readonly all?: boolean
  readonly cluster?: boolean
  readonly verbs?: readonly string[]
  readonly type?: string
  readonly subresources?: readonly Subresource[]
  readonly resource?: string
}

function resource(groupVersion: string, kind: string, extra: Extra = {}): Resource {
  const [version = '', group = ''] = groupVersion.split('/').reverse()
  const singular = kind.toLowerCase()
  const plural = /(s|ss)$/.test(singular)
    ? singular.endsWith('endpoints')
      ? singular
      : `${singular}es`
    : singular.endsWith('cy')
      ? `${singular.slice(0, -1)}ies`
      : `${singular}s`
  return {
    group,
    version,
    kind,
    type: extra.type ?? kind,
    singular,
    resource: extra.resource ?? plural,
    namespaced: !extra.cluster,
    shortNames: extra.short?.split(' ') ?? [],
    categories: extra.all ? ['all'] : [],
    verbs: extra.verbs ?? all,
    subresources: extra.subresources ?? [],
  }
}

const pod: readonly Subresource[] = [
  stream('attach', 'PodAttachOptions'),
  { name: 'binding', kind: 'Binding', verbs: ['create'] },
  { name: 'ephemeralcontainers', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
  { name: 'eviction', group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] },
  stream('exec', 'PodExecOptions'),
  { name: 'log', kind: 'Pod', verbs: ['get'] },
  stream('portforward', 'PodPortForwardOptions'),
  status('Pod'),
]
const workload = (kind: string) => [scale, status(kind)]
const only = (...verbs: string[]) => verbs

export const resources: readonly Resource[] = [
  resource('v1', 'ConfigMap', { short: 'cm' }),
  resource('v1', 'Endpoints', { short: 'ep' }),
  resource('v1', 'Event', { short: 'ev' }),
  resource('v1', 'LimitRange', { short: 'limits' }),
  resource('v1', 'Namespace', {
    short: 'ns',
    cluster: true,
    verbs: all.filter((verb) => verb !== 'deletecollection'),
    subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }, status('Namespace')],
  }),
  resource('v1', 'Node', { short: 'no', cluster: true, subresources: [status('Node')] }),
  resource('v1', 'PersistentVolumeClaim', { short: 'pvc', subresources: [status('PersistentVolumeClaim')] }),
  resource('v1', 'PersistentVolume', { short: 'pv', cluster: true, subresources: [status('PersistentVolume')] }),
  resource('v1', 'Pod', { short: 'po', all: true, subresources: pod }),
  resource('v1', 'ResourceQuota', { short: 'quota', subresources: [status('ResourceQuota')] }),
  resource('v1', 'Secret'),
  resource('v1', 'ServiceAccount', { short: 'sa' }),
  resource('v1', 'Service', { short: 'svc', all: true, subresources: [status('Service')] }),
  resource('apps/v1', 'ControllerRevision'),
  resource('apps/v1', 'DaemonSet', { short: 'ds', all: true, subresources: [status('DaemonSet')] }),
  resource('apps/v1', 'Deployment', { short: 'deploy', all: true, subresources: workload('Deployment') }),
  resource('apps/v1', 'ReplicaSet', { short: 'rs', all: true, subresources: workload('ReplicaSet') }),
  resource('apps/v1', 'StatefulSet', { short: 'sts', all: true, subresources: workload('StatefulSet') }),
  resource('autoscaling/v2', 'HorizontalPodAutoscaler', {
    short: 'hpa',
    all: true,
    subresources: [status('HorizontalPodAutoscaler')],
  }),
  resource('autoscaling/v1', 'HorizontalPodAutoscaler', {
    short: 'hpa',
    all: true,
    type: 'OlderAutoscaler',
    subresources: [status('HorizontalPodAutoscaler')],
  }),
  resource('batch/v1', 'CronJob', { short: 'cj', all: true, subresources: [status('CronJob')] }),
  resource('batch/v1', 'Job', { all: true, subresources: [status('Job')] }),
  resource('policy/v1', 'PodDisruptionBudget', { short: 'pdb', subresources: [status('PodDisruptionBudget')] }),
  resource('coordination.k8s.io/v1', 'Lease'),
  resource('events.k8s.io/v1', 'Event', { short: 'ev', type: 'EventsEvent' }),
  resource('discovery.k8s.io/v1', 'EndpointSlice'),
  resource('networking.k8s.io/v1', 'Ingress', { short: 'ing', subresources: [status('Ingress')] }),
  resource('networking.k8s.io/v1', 'IngressClass', { cluster: true }),
  resource('networking.k8s.io/v1', 'NetworkPolicy', { short: 'netpol' }),
  resource('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', { cluster: true }),
  resource('rbac.authorization.k8s.io/v1', 'ClusterRole', { cluster: true }),
  resource('rbac.authorization.k8s.io/v1', 'RoleBinding'),
  resource('rbac.authorization.k8s.io/v1', 'Role'),
  resource('storage.k8s.io/v1', 'StorageClass', { short: 'sc', cluster: true }),
  resource('authentication.k8s.io/v1', 'SelfSubjectReview', { cluster: true, verbs: only('create') }),
  resource('authorization.k8s.io/v1', 'LocalSubjectAccessReview', { type: 'SubjectAccessReview', verbs: only('create') }),
  resource('authorization.k8s.io/v1', 'SelfSubjectAccessReview', { cluster: true, verbs: only('create') }),
  resource('authorization.k8s.io/v1', 'SelfSubjectRulesReview', { cluster: true, verbs: only('create') }),
  resource('authorization.k8s.io/v1', 'SubjectAccessReview', { cluster: true, verbs: only('create') }),
  resource('traefik.containo.us/v1alpha1', 'Middleware', { type: 'Open' }),
  resource('traefik.io/v1alpha1', 'IngressRoute', { type: 'Open' }),
  resource('traefik.io/v1alpha1', 'Middleware', { type: 'Open' }),
  resource('traefik.io/v1alpha1', 'TLSOption', { type: 'Open' }),
  resource('traefik.io/v1alpha1', 'TLSStore', { type: 'Open' }),
]

const byPath = new Map(resources.map((one) => [`${one.group}/${one.version}/${one.resource}`, one]))
const byKind = new Map(resources.map((one) => [`${one.group}/${one.version}/${one.kind}`, one]))
// Of two forms of the same objects the first counts.
const byName = new Map([...resources].reverse().map((one) => [`${one.group}/${one.resource}`, one]))

export const resourceAt = (group: string, version: string, name: string) => byPath.get(`${group}/${version}/${name}`)
export const resourceNamed = ({ group, resource }: ResourceName) => byName.get(`${group}/${resource}`)
export const groupVersion = ({ group, version }: { readonly group: string; readonly version: string }) =>
  group === '' ? version : `${group}/${version}`
export function resourceOf(apiVersion: string, kind: string): Resource | undefined {
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  return byKind.get(`${group}/${version}/${kind}`)
}
