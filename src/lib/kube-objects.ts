/** Who wrote which fields last, as the API server keeps it. `fieldsV1` is a tree of `f:name` keys. */
export interface ManagedFields {
  readonly manager?: string
  readonly operation?: string
  readonly time?: string
  readonly subresource?: string
  readonly fieldsV1?: Readonly<Record<string, unknown>>
}

/** Any object as the API server sends it; times are RFC 3339 strings, and no field is dropped. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly generation?: number
    readonly creationTimestamp?: string
    readonly deletionTimestamp?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly finalizers?: readonly string[]
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string }[]
    readonly managedFields?: readonly ManagedFields[]
  }
  readonly [field: string]: unknown
}

export interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
  readonly lastUpdateTime?: string
}

export interface Node extends KubeObject {
  readonly spec: {
    readonly unschedulable?: boolean
    readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[]
  }
  readonly status: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[]
    readonly conditions?: readonly Condition[]
    /** What pods may have of it, by resource. */
    readonly allocatable?: Readonly<Record<string, string>>
    readonly nodeInfo: {
      readonly kubeletVersion: string
      /** What the kernel calls the boot that its kubelet reports from. */
      readonly bootID?: string
      /** As Go calls it: amd64, arm64. */
      readonly architecture?: string
    }
  }
}

export interface ContainerState {
  readonly running?: { readonly startedAt?: string }
  readonly waiting?: { readonly reason?: string; readonly message?: string }
  readonly terminated?: { readonly reason?: string; readonly exitCode: number; readonly finishedAt?: string; readonly message?: string }
}

export interface ContainerStatus {
  readonly name: string
  readonly ready: boolean
  readonly restartCount: number
  readonly image?: string
  readonly imageID?: string
  readonly state?: ContainerState
  readonly lastState?: ContainerState
}

export interface EnvEntry {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly configMapKeyRef?: { readonly name: string; readonly key: string }
    readonly secretKeyRef?: { readonly name: string; readonly key: string }
  }
}

export interface Probe {
  readonly failureThreshold?: number
  readonly periodSeconds?: number
  readonly exec?: { readonly command?: readonly string[] }
}

/** Which keys of a Secret a volume has; without `items`, all of them. */
interface Projection {
  readonly items?: readonly { readonly key: string; readonly path: string }[]
}

export interface Container {
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly name: string
  readonly image?: string
  readonly resources?: { readonly requests?: Readonly<Record<string, string>> }
  readonly startupProbe?: Probe
  readonly envFrom?: readonly {
    readonly prefix?: string
    readonly configMapRef?: { readonly name: string }
    readonly secretRef?: { readonly name: string }
  }[]
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly env?: readonly EnvEntry[]
}

export interface NodeSelectorTerm {
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[]
}

export interface PodSpec {
  readonly nodeName?: string
  readonly schedulerName?: string
  readonly restartPolicy?: string
  readonly nodeSelector?: Readonly<Record<string, string>>
  readonly volumes?: readonly {
    readonly name: string
    readonly persistentVolumeClaim?: { readonly claimName: string }
    readonly emptyDir?: { readonly medium?: string }
    readonly hostPath?: { readonly path: string }
    readonly secret?: Projection & { readonly secretName: string }
    readonly projected?: { readonly sources?: readonly { readonly secret?: Projection & { readonly name: string } }[] }
  }[]
  readonly terminationGracePeriodSeconds?: number
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms?: readonly NodeSelectorTerm[] }
    }
  }
  readonly imagePullSecrets?: readonly { readonly name: string }[]
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
}

export interface Pod extends KubeObject {
  readonly spec: PodSpec
  readonly status: {
    readonly phase: string
    readonly reason?: string
    readonly message?: string
    readonly startTime?: string
    readonly conditions?: readonly Condition[]
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
  }
}

/** What Deployments, StatefulSets and DaemonSets have in common. */
export interface Workload extends KubeObject {
  readonly spec: {
    readonly replicas?: number
    readonly selector: { readonly matchLabels?: Readonly<Record<string, string>> }
    readonly template: { readonly metadata?: Partial<KubeObject['metadata']>; readonly spec: PodSpec }
  }
  readonly status?: Readonly<Record<string, unknown>> & { readonly observedGeneration?: number }
}

export interface Deployment extends Workload {
  readonly spec: Workload['spec'] & {
    readonly paused?: boolean
    readonly strategy?: {
      readonly type?: string
      readonly rollingUpdate?: { readonly maxSurge?: number | string; readonly maxUnavailable?: number | string }
    }
  }
  readonly status?: Readonly<Record<string, unknown>> & {
    readonly observedGeneration?: number
    readonly replicas?: number
    readonly updatedReplicas?: number
    readonly readyReplicas?: number
    readonly availableReplicas?: number
    readonly unavailableReplicas?: number
    readonly conditions?: readonly Condition[]
  }
}

/** How many pods of a selection are to stay, or may go, while nodes are drained; a number, or a share such as "50%". */
export interface PodDisruptionBudget extends KubeObject {
  readonly spec: {
    readonly minAvailable?: number | string
    readonly maxUnavailable?: number | string
    readonly selector?: LabelSelector
    readonly unhealthyPodEvictionPolicy?: string
  }
  readonly status?: {
    readonly disruptionsAllowed?: number
    readonly currentHealthy?: number
    readonly desiredHealthy?: number
    readonly expectedPods?: number
    readonly conditions?: readonly Condition[]
  }
}

/** Whom the pods that it selects may reach, and by whom they may be reached. */
export interface NetworkPolicy extends KubeObject {
  readonly spec?: {
    readonly podSelector?: LabelSelector
    readonly policyTypes?: readonly string[]
    readonly egress?: readonly {
      readonly ports?: readonly { readonly port?: number | string; readonly endPort?: number; readonly protocol?: string }[]
    }[]
  }
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[]
}

export interface ReplicaSet extends KubeObject {
  readonly spec: { readonly replicas?: number; readonly template: Workload['spec']['template'] }
}

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

export interface PersistentVolumeClaim extends KubeObject {
  readonly spec: {
    readonly storageClassName?: string
    readonly volumeName?: string
    readonly accessModes?: readonly string[]
    readonly resources?: { readonly requests?: Readonly<Record<string, string>> }
  }
  readonly status?: { readonly phase?: string }
}

export interface PersistentVolume extends KubeObject {
  readonly spec: { readonly nodeAffinity?: { readonly required?: { readonly nodeSelectorTerms?: readonly NodeSelectorTerm[] } } }
}

export interface StorageClass extends KubeObject {
  readonly volumeBindingMode?: string
}

export interface KubeEvent extends KubeObject {
  readonly type?: string
  readonly reason?: string
  readonly message?: string
  readonly count?: number
  readonly firstTimestamp?: string
  readonly lastTimestamp?: string
  readonly eventTime?: string
  readonly involvedObject?: { readonly kind?: string; readonly name?: string; readonly namespace?: string }
}
