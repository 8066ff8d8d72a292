import { isDeepStrictEqual } from 'node:util'
import type { Client, KubeObject, Metadata, OwnerReference, ResourceName } from '../types.ts'

export const core = (resource: string): ResourceName => ({ group: '', resource })
export const controllerRevisions: ResourceName = { group: 'apps', resource: 'controllerrevisions' }
const apps = (resource: string): ResourceName => ({ group: 'apps', resource })
export const pods = core('pods')
export const replicaSets = apps('replicasets')
export const deployments = apps('deployments')
export const daemonSets = apps('daemonsets')
export const jobs: ResourceName = { group: 'batch', resource: 'jobs' }
export const cronJobs: ResourceName = { group: 'batch', resource: 'cronjobs' }
export const budgets: ResourceName = { group: 'policy', resource: 'poddisruptionbudgets' }

export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
  lastUpdateTime?: string
  lastProbeTime?: null
  lastHeartbeatTime?: string
  observedGeneration?: number
}

export interface Probe {
  readonly httpGet?: { readonly path?: string }
  readonly failureThreshold?: number
  readonly periodSeconds?: number
}
export interface Container {
  readonly name: string
  readonly image: string
  readonly imagePullPolicy?: string
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: Readonly<Record<string, Reference>> }[]
  readonly envFrom?: readonly { readonly prefix?: string; readonly configMapRef?: Reference; readonly secretRef?: Reference }[]
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[]
  /** `Always` makes an init container one that goes on beside the others. */
  readonly restartPolicy?: string
}
export interface Reference {
  readonly name?: string
  readonly key?: string
  readonly optional?: boolean
  readonly fieldPath?: string
}
export interface Taint {
  key: string
  value?: string
  effect: string
  timeAdded?: string
}
export interface NodeAffinity {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: {
      readonly nodeSelectorTerms: readonly {
        readonly matchFields?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[]
      }[]
    }
  }
}
export interface PodSpec {
  containers: Container[]
  initContainers?: Container[]
  nodeName?: string
  nodeSelector?: Record<string, string>
  restartPolicy?: string
  hostNetwork?: boolean
  terminationGracePeriodSeconds?: number
  tolerations?: { key?: string; operator?: string; value?: string; effect?: string; tolerationSeconds?: number }[]
  affinity?: NodeAffinity
  volumes?: { persistentVolumeClaim?: { claimName: string } }[]
}
export type ContainerState = Readonly<Record<string, Readonly<Record<string, unknown>>>>
export interface ContainerStatus {
  name: string
  state: ContainerState
  lastState: ContainerState
  ready: boolean
  restartCount: number
  image: string
  imageID: string
  containerID?: string
  started: boolean
}
export interface Pod extends KubeObject {
  spec: PodSpec
  status: { phase: string; conditions?: Condition[]; containerStatuses?: ContainerStatus[]; podIP?: string; qosClass?: string } & Record<
    string,
    unknown
  >
}
export interface Template {
  metadata?: Partial<Metadata>
  spec: PodSpec
}
export interface Selector {
  matchLabels?: Record<string, string>
}

/** The same object seen as its kind: validation has held it to that shape. */
export const as = <T extends KubeObject>(object: KubeObject): T => object as T
export const podsOf = (client: Client, namespace: string | undefined): readonly Pod[] =>
  client.list(pods, namespace === undefined ? {} : { namespace }).map((pod) => as<Pod>(pod))

/** A time as the API writes it: whole seconds. */
export const stamp = (at: number = Date.now()): string => `${new Date(at).toISOString().slice(0, 19)}Z`

export const ownerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((owner) => owner.controller)
export const owns = (owner: KubeObject, object: KubeObject): boolean => ownerOf(object)?.uid === owner.metadata.uid
export const ownedBy = ({ apiVersion, kind, metadata }: KubeObject): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
})

export const isReady = (pod: Pod): boolean =>
  pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
export const isOver = (pod: Pod): boolean => pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed'
export const isActive = (pod: Pod): boolean => !isOver(pod) && pod.metadata.deletionTimestamp === undefined

/** The pod's readiness has lasted for `minReady` seconds. */
export const isAvailable = (pod: Pod, minReady = 0): boolean => {
  const since = pod.status.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True')?.lastTransitionTime
  return since !== undefined && (minReady === 0 || Date.parse(since) + minReady * 1000 <= Date.now())
}

/** Conditions with one set: its transition time changes only with its status, its update time with anything. */
export function withCondition(conditions: readonly Condition[] | undefined, next: Condition, updateTime = false): Condition[] {
  const old = conditions?.find(({ type }) => type === next.type)
  if (old && old.status === next.status && old.reason === next.reason && old.message === next.message) return [...(conditions ?? [])]
  const now = stamp()
  const whole = {
    ...next,
    ...(updateTime ? { lastUpdateTime: now } : {}),
    lastTransitionTime: old?.status === next.status ? (old.lastTransitionTime ?? now) : now,
  }
  return old ? (conditions ?? []).map((condition) => (condition.type === next.type ? whole : condition)) : [...(conditions ?? []), whole]
}

/** Without zeros and empty lists, as Go's omitempty leaves them out. */
export const filled = (status: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(status).filter(
      ([, value]) => value !== undefined && value !== 0 && value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  )

/** Sets the status of an object; `keep` are other changes that go with it. */
export function setStatus(
  client: Client,
  resource: ResourceName,
  object: KubeObject,
  status: Readonly<Record<string, unknown>>,
  manager = 'kube-controller-manager',
  more?: (draft: KubeObject) => void,
): void {
  const stored = client.get(resource, object.metadata.name, object.metadata.namespace)
  if (!stored || (!more && isDeepStrictEqual(stored['status'], status))) return
  client.update(
    resource,
    object.metadata.name,
    object.metadata.namespace,
    (draft) => {
      draft['status'] = status
      more?.(draft)
    },
    { subresource: 'status', manager },
  )
}
