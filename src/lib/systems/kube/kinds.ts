import { Unreachable } from '../../errors.ts'
import type {
  ConfigMap,
  Deployment,
  KubeEvent,
  KubeObject,
  NetworkPolicy,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  StorageClass,
  Workload,
} from '../../kube-objects.ts'

/** The kinds that honeydue reads. Secrets are not among them: their values come out one by one, as `Secret`. */
export interface Kinds {
  readonly ConfigMap: ConfigMap
  readonly DaemonSet: Workload
  readonly Deployment: Deployment
  readonly Event: KubeEvent
  /** Middleware as Traefik 2 has it, which version 3 may still find in a cluster. */
  readonly FormerMiddleware: KubeObject
  readonly HorizontalPodAutoscaler: KubeObject
  readonly Ingress: KubeObject
  readonly Job: KubeObject
  readonly Lease: KubeObject
  readonly Middleware: KubeObject
  readonly NetworkPolicy: NetworkPolicy
  readonly Node: Node
  readonly PersistentVolume: PersistentVolume
  readonly PersistentVolumeClaim: PersistentVolumeClaim
  readonly Pod: Pod
  readonly PodDisruptionBudget: PodDisruptionBudget
  readonly ReplicaSet: ReplicaSet
  readonly Service: KubeObject
  readonly StatefulSet: Workload
  readonly StorageClass: StorageClass
  readonly TLSStore: KubeObject
}

export type Kind = keyof Kinds

/** Every kind that is read or written, with its group and plural. */
export const resources = {
  ConfigMap: ['/api/v1', 'configmaps'],
  DaemonSet: ['/apis/apps/v1', 'daemonsets'],
  Deployment: ['/apis/apps/v1', 'deployments'],
  Event: ['/api/v1', 'events'],
  FormerMiddleware: ['/apis/traefik.containo.us/v1alpha1', 'middlewares'],
  HorizontalPodAutoscaler: ['/apis/autoscaling/v2', 'horizontalpodautoscalers'],
  Ingress: ['/apis/networking.k8s.io/v1', 'ingresses'],
  Job: ['/apis/batch/v1', 'jobs'],
  Lease: ['/apis/coordination.k8s.io/v1', 'leases'],
  Middleware: ['/apis/traefik.io/v1alpha1', 'middlewares'],
  NetworkPolicy: ['/apis/networking.k8s.io/v1', 'networkpolicies'],
  Node: ['/api/v1', 'nodes'],
  PersistentVolume: ['/api/v1', 'persistentvolumes'],
  PersistentVolumeClaim: ['/api/v1', 'persistentvolumeclaims'],
  Pod: ['/api/v1', 'pods'],
  PodDisruptionBudget: ['/apis/policy/v1', 'poddisruptionbudgets'],
  ReplicaSet: ['/apis/apps/v1', 'replicasets'],
  Secret: ['/api/v1', 'secrets'],
  Service: ['/api/v1', 'services'],
  StatefulSet: ['/apis/apps/v1', 'statefulsets'],
  StorageClass: ['/apis/storage.k8s.io/v1', 'storageclasses'],
  TLSStore: ['/apis/traefik.io/v1alpha1', 'tlsstores'],
} as const satisfies Readonly<Record<Kind | 'Secret', readonly [string, string]>>

/** Kinds that Traefik brings: a cluster without it has no such collection. */
export const addedKinds: ReadonlySet<AnyKind> = new Set(['FormerMiddleware', 'Middleware', 'TLSStore'])

/** A kind whose objects may be written, Secrets too. */
export type AnyKind = keyof typeof resources

/** One segment of a path, whatever a file or an object has as a name; `.` and `..` would be steps, and no server has them as names. */
const segment = (name: string): string => {
  if (name !== '' && name !== '.' && name !== '..') return encodeURIComponent(name)
  throw new Unreachable({
    code: 'kube-name',
    failed: `"${name}" is no name of a Kubernetes object`,
    cause: 'It stands so in the configuration, or in an object that refers to it',
    next: 'honeydue config:explain',
  })
}

/** `/api/v1/namespaces/honeydue/pods/api-1`; without a name the collection's path. */
export const pathOf = (kind: AnyKind, namespace?: string, name?: string): string => {
  const [group, plural] = resources[kind]
  return [
    group,
    ...(namespace === undefined ? [] : ['namespaces', segment(namespace)]),
    plural,
    ...(name === undefined ? [] : [segment(name)]),
  ].join('/')
}
