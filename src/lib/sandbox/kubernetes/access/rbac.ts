import { isJson, type Json } from '../schema/json.ts'
import type { Store } from '../store.ts'
import type { KubeObject } from '../types.ts'
import type { User } from './user.ts'

/** What a request wants to do: with a resource, or with a path that is none. */
export interface Attributes {
  readonly verb: string
  readonly path?: string
  readonly group?: string
  readonly resource?: string
  readonly subresource?: string
  readonly name?: string
  readonly namespace?: string
}

export interface Decision {
  readonly allowed: boolean
  readonly reason?: string
}

const rbac = 'rbac.authorization.k8s.io'
const strings = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [])
const has = (list: readonly string[], value: string) => list.includes('*') || list.includes(value)

function permits(rule: Json, wanted: Attributes): boolean {
  if (!has(strings(rule['verbs']), wanted.verb)) return false
  if (wanted.path !== undefined) {
    const path = wanted.path
    return strings(rule['nonResourceURLs']).some((url) => (url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : url === path))
  }
  const resource = wanted.subresource ? `${wanted.resource}/${wanted.subresource}` : (wanted.resource ?? '')
  const resources = strings(rule['resources'])
  const named = strings(rule['resourceNames'])
  return (
    has(strings(rule['apiGroups']), wanted.group ?? '') &&
    (has(resources, resource) || (wanted.subresource !== undefined && resources.includes(`*/${wanted.subresource}`))) &&
    (named.length === 0 || (wanted.name !== undefined && named.includes(wanted.name)))
  )
}

function about(subject: Json, user: User, namespace: string | undefined): string | undefined {
  const name = String(subject['name'] ?? '')
  if (subject['kind'] === 'User') return user.name === name ? `User ${JSON.stringify(name)}` : undefined
  if (subject['kind'] === 'Group') return user.groups.includes(name) ? `Group ${JSON.stringify(name)}` : undefined
  const account = `system:serviceaccount:${String(subject['namespace'] ?? namespace ?? '')}:${name}`
  return user.name === account ? `ServiceAccount ${JSON.stringify(`${name}/${String(subject['namespace'] ?? namespace)}`)}` : undefined
}

interface Grant {
  readonly rules: readonly Json[]
  readonly reason: string
}

/** Everything that is granted to a user, cluster-wide and in a namespace. */
export function* grants(store: Store, user: User, namespace: string | undefined): Generator<Grant> {
  const rulesOf = (ref: Json, home: string | undefined) => {
    const role = store.get(
      { group: rbac, resource: ref['kind'] === 'Role' ? 'roles' : 'clusterroles' },
      ref['kind'] === 'Role' ? home : undefined,
      String(ref['name']),
    )
    return Array.isArray(role?.['rules']) ? role['rules'].filter(isJson) : []
  }
  const of = function* (bindings: readonly KubeObject[], kind: string): Generator<Grant> {
    for (const binding of bindings) {
      const home = binding.metadata.namespace
      const subjects = Array.isArray(binding['subjects']) ? binding['subjects'].filter(isJson) : []
      const who = subjects.map((subject) => about(subject, user, home)).find((found) => found !== undefined)
      const ref = isJson(binding['roleRef']) ? binding['roleRef'] : {}
      if (who === undefined) continue
      const named = home === undefined ? binding.metadata.name : `${binding.metadata.name}/${home}`
      yield {
        rules: rulesOf(ref, home),
        reason: `RBAC: allowed by ${kind} ${JSON.stringify(named)} of ${String(ref['kind'])} ${JSON.stringify(ref['name'])} to ${who}`,
      }
    }
  }
  yield* of(store.list({ group: rbac, resource: 'clusterrolebindings' }), 'ClusterRoleBinding')
  if (namespace) yield* of(store.list({ group: rbac, resource: 'rolebindings' }, namespace), 'RoleBinding')
}

/** May the user? Members of system:masters may do everything; others what roles grant them. */
export function authorize(store: Store, user: User, wanted: Attributes): Decision {
  if (user.groups.includes('system:masters')) return { allowed: true }
  for (const grant of grants(store, user, wanted.namespace))
    if (grant.rules.some((rule) => permits(rule, wanted))) return { allowed: true, reason: grant.reason }
  return { allowed: false }
}

const role = (name: string, rules: readonly Json[]): KubeObject => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRole',
  metadata: { name, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } },
  rules,
})
const binding = (name: string, group: string): KubeObject => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
  subjects: [{ apiGroup: rbac, kind: 'Group', name: group }],
})
const read = ['get', 'list', 'watch']
const write = ['create', 'delete', 'deletecollection', 'patch', 'update']
const workloads: readonly Json[] = [
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'endpoints',
      'events',
      'persistentvolumeclaims',
      'pods',
      'pods/log',
      'pods/status',
      'serviceaccounts',
      'services',
      'services/status',
    ],
    verbs: read,
  },
  {
    apiGroups: ['apps'],
    resources: [
      'daemonsets',
      'deployments',
      'deployments/scale',
      'deployments/status',
      'replicasets',
      'replicasets/scale',
      'replicasets/status',
      'statefulsets',
    ],
    verbs: read,
  },
  { apiGroups: ['batch'], resources: ['cronjobs', 'jobs', 'jobs/status'], verbs: read },
  { apiGroups: ['networking.k8s.io', 'policy', 'discovery.k8s.io'], resources: ['*'], verbs: read },
]
const changes: readonly Json[] = [
  {
    apiGroups: [''],
    resources: [
      'configmaps',
      'events',
      'persistentvolumeclaims',
      'pods',
      'pods/attach',
      'pods/eviction',
      'pods/exec',
      'pods/portforward',
      'secrets',
      'serviceaccounts',
      'services',
    ],
    verbs: [...read, ...write],
  },
  { apiGroups: ['apps', 'batch', 'networking.k8s.io', 'policy', 'coordination.k8s.io'], resources: ['*'], verbs: [...read, ...write] },
]

/** The roles and bindings that every cluster is born with, as far as anyone here relies on them. */
export const defaultAccess: readonly KubeObject[] = [
  role('cluster-admin', [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ]),
  role('admin', [...workloads, ...changes, { apiGroups: [rbac], resources: ['roles', 'rolebindings'], verbs: [...read, ...write] }]),
  role('edit', [...workloads, ...changes]),
  role('view', workloads),
  role('system:basic-user', [
    { apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], verbs: ['create'] },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ]),
  role('system:discovery', [
    {
      nonResourceURLs: [
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/healthz',
        '/livez',
        '/openapi',
        '/openapi/*',
        '/readyz',
        '/version',
        '/version/',
      ],
      verbs: ['get'],
    },
  ]),
  role('system:public-info-viewer', [{ nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'], verbs: ['get'] }]),
  binding('cluster-admin', 'system:masters'),
  binding('system:basic-user', 'system:authenticated'),
  binding('system:discovery', 'system:authenticated'),
  {
    ...binding('system:public-info-viewer', 'system:authenticated'),
    subjects: ['system:authenticated', 'system:unauthenticated'].map((name) => ({ apiGroup: rbac, kind: 'Group', name })),
  },
]
