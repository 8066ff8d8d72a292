import type { Random } from './random.ts'

const pod = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.test/x:1', env: [{ name: 'A', value: 'b' }] }] }
const template = { metadata: { labels: { app: 'a' } }, spec: { ...pod, restartPolicy: 'Always', volumes: [{ name: 'v', emptyDir: {} }] } }
const selector = { matchLabels: { app: 'a' } }

/** Objects that the server takes as they are, by their resource: what is fuzzed lies one step beside them. */
const sound: Readonly<Record<string, object>> = {
  configmaps: { data: { a: 'b' }, binaryData: { c: 'ZA==' } },
  secrets: { type: 'Opaque', stringData: { a: 'b' } },
  pods: { spec: { ...pod, initContainers: [{ name: 'first', image: 'x:1' }] } },
  services: { spec: { selector: { app: 'a' }, ports: [{ port: 80, targetPort: 'http' }] } },
  namespaces: {},
  persistentvolumeclaims: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  deployments: { spec: { replicas: 2, selector, template, strategy: { rollingUpdate: { maxSurge: '50%', maxUnavailable: 1 } } } },
  replicasets: { spec: { replicas: 1, selector, template } },
  daemonsets: { spec: { selector, template } },
  jobs: { spec: { completions: 2, parallelism: 1, backoffLimit: 1, ttlSecondsAfterFinished: 1, template: { spec: pod } } },
  cronjobs: { spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: { spec: pod } } } } },
  poddisruptionbudgets: { spec: { minAvailable: 1, selector } },
  leases: { spec: { holderIdentity: 'a', leaseDurationSeconds: 15 } },
  roles: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
  rolebindings: { roleRef: { kind: 'Role', name: 'a' }, subjects: [{ kind: 'Group', name: 'viewers' }] },
  ingresses: {
    spec: { rules: [{ host: 'a.b', http: { paths: [{ path: '/', backend: { service: { name: 'a', port: { number: 80 } } } }] } }] },
  },
  networkpolicies: { spec: { podSelector: {}, egress: [{}] } },
  nodes: { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } },
  events: { involvedObject: { kind: 'Pod', name: 'a', namespace: 'default' }, reason: 'R', message: 'm', type: 'Normal' },
}

export const isKnown = (resource: string): boolean => sound[resource] !== undefined

const keys =
  'metadata spec status name namespace labels annotations data stringData template containers initContainers image replicas selector matchLabels matchExpressions rules verbs subjects roleRef managedFields finalizers ownerReferences resourceVersion ports env envFrom strategy rollingUpdate maxSurge maxUnavailable tolerations volumes completions deletionTimestamp generateName fieldsV1 $patch $setElementOrder/containers $retainKeys $deleteFromPrimitiveList/finalizers __proto__ constructor creationTimestamp uid kind apiVersion propagationPolicy preconditions deleteOptions dryRun'.split(
    ' ',
  )

/** Any JSON, with words that mean something to the server in unlikely places. */
export function junk(of: Random, depth: number): unknown {
  const roll = of.next()
  if (depth <= 0 || roll < 0.3)
    return of.pick<unknown>(
      'a',
      '',
      'x'.repeat(300),
      0,
      -1,
      1.5,
      1e300,
      2 ** 31,
      true,
      null,
      '2026-01-01T00:00:00Z',
      '25%',
      'replace',
      'delete',
      '\u0000é💥',
    )
  if (roll < 0.45) return Array.from({ length: of.below(4) }, () => junk(of, depth - 1))
  return Object.fromEntries(Array.from({ length: of.below(5) }, () => [of.pick(...keys), junk(of, depth - 1)]))
}

/** A sound object of the resource with up to `changes` places made junk, left out or doubled; junk for a resource that has none here. */
export function nearly(of: Random, resource: string, name: string, changes: number): unknown {
  const base = sound[resource]
  if (!base) return junk(of, 3)
  const object = structuredClone({ metadata: { name, labels: { app: 'a' } }, ...base }) as Record<string, unknown>
  for (let i = 0; i < of.below(changes + 1); i++) change(of, object)
  return object
}

function change(of: Random, value: Record<string, unknown> | unknown[]): void {
  const places = Object.keys(value)
  const at = of.pick(...places)
  const inner = (value as Record<string, unknown>)[at as string]
  if (typeof inner === 'object' && inner !== null && of.next() < 0.7) {
    change(of, inner as Record<string, unknown>)
    return
  }
  const how = of.next()
  if (Array.isArray(value)) {
    if (how < 0.3) value.push(structuredClone(value[0]))
    else if (how < 0.5) value.pop()
    else value[of.below(value.length || 1)] = junk(of, 2)
  } else if (how < 0.4 && at !== undefined) value[at] = junk(of, 2)
  else if (how < 0.6 && at !== undefined) delete value[at]
  else value[of.pick(...keys)] = junk(of, 2)
}
