/**
 * The values of fields that take no others, as kube-apiserver 1.32 publishes them in its OpenAPI documents (version 3): type, field, values. What a
 * server refuses beside them its validation says (kinds/).
 */
const published = `
AppArmorProfile type Localhost RuntimeDefault Unconfined
AzureDiskVolumeSource cachingMode None ReadOnly ReadWrite
AzureDiskVolumeSource kind Dedicated Managed Shared
Container imagePullPolicy Always IfNotPresent Never
Container terminationMessagePolicy FallbackToLogsOnError File
ContainerPort protocol SCTP TCP UDP
CronJobSpec concurrencyPolicy Allow Forbid Replace
DaemonSetUpdateStrategy type OnDelete RollingUpdate
DeploymentStrategy type Recreate RollingUpdate
EndpointPort protocol SCTP TCP UDP
EndpointSlice addressType FQDN IPv4 IPv6
EphemeralContainer imagePullPolicy Always IfNotPresent Never
EphemeralContainer terminationMessagePolicy FallbackToLogsOnError File
HTTPGetAction scheme HTTP HTTPS
HTTPIngressPath pathType Exact ImplementationSpecific Prefix
ImageVolumeSource pullPolicy Always IfNotPresent Never
IngressPortStatus protocol SCTP TCP UDP
JobSpec completionMode Indexed NonIndexed
JobSpec podReplacementPolicy Failed TerminatingOrFailed
ModifyVolumeStatus status InProgress Infeasible Pending
NamespaceStatus phase Active Terminating
NetworkPolicyPort protocol SCTP TCP UDP
NetworkPolicySpec policyTypes Egress Ingress
NodeSelectorRequirement operator DoesNotExist Exists Gt In Lt NotIn
NodeStatus phase Pending Running Terminated
HostPathVolumeSource type "" BlockDevice CharDevice Directory DirectoryOrCreate File FileOrCreate Socket
PersistentVolumeClaimSpec accessModes ReadOnlyMany ReadWriteMany ReadWriteOnce ReadWriteOncePod
PersistentVolumeClaimSpec volumeMode Block Filesystem
PersistentVolumeClaimStatus accessModes ReadOnlyMany ReadWriteMany ReadWriteOnce ReadWriteOncePod
PersistentVolumeClaimStatus phase Bound Lost Pending
PersistentVolumeSpec accessModes ReadOnlyMany ReadWriteMany ReadWriteOnce ReadWriteOncePod
PersistentVolumeSpec persistentVolumeReclaimPolicy Delete Recycle Retain
PersistentVolumeSpec volumeMode Block Filesystem
PersistentVolumeStatus phase Available Bound Failed Pending Released
PodDisruptionBudgetSpec unhealthyPodEvictionPolicy AlwaysAllow IfHealthyBudget
PodFailurePolicyOnExitCodesRequirement operator In NotIn
PodFailurePolicyRule action Count FailIndex FailJob Ignore
PodSecurityContext fsGroupChangePolicy Always OnRootMismatch
PodSecurityContext supplementalGroupsPolicy Merge Strict
PodSpec dnsPolicy ClusterFirst ClusterFirstWithHostNet Default None
PodSpec preemptionPolicy Never PreemptLowerPriority
PodSpec restartPolicy Always Never OnFailure
PodStatus phase Failed Pending Running Succeeded Unknown
PodStatus qosClass BestEffort Burstable Guaranteed
PortStatus protocol SCTP TCP UDP
ResourceQuotaSpec scopes BestEffort CrossNamespacePodAffinity NotBestEffort NotTerminating PriorityClass Terminating
ScopedResourceSelectorRequirement operator DoesNotExist Exists In NotIn
ScopedResourceSelectorRequirement scopeName BestEffort CrossNamespacePodAffinity NotBestEffort NotTerminating PriorityClass Terminating
SeccompProfile type Localhost RuntimeDefault Unconfined
SecurityContext procMount Default Unmasked
ServicePort protocol SCTP TCP UDP
ServiceSpec externalTrafficPolicy Cluster Local
ServiceSpec internalTrafficPolicy Cluster Local
ServiceSpec ipFamilyPolicy PreferDualStack RequireDualStack SingleStack
ServiceSpec ipFamilies "" IPv4 IPv6
ServiceSpec sessionAffinity ClientIP None
ServiceSpec type ClusterIP ExternalName LoadBalancer NodePort
StatefulSetSpec podManagementPolicy OrderedReady Parallel
StatefulSetUpdateStrategy type OnDelete RollingUpdate
StorageClass reclaimPolicy Delete Recycle Retain
StorageClass volumeBindingMode Immediate WaitForFirstConsumer
Taint effect NoExecute NoSchedule PreferNoSchedule
Toleration effect NoExecute NoSchedule PreferNoSchedule
Toleration operator Equal Exists
TopologySpreadConstraint nodeAffinityPolicy Honor Ignore
TopologySpreadConstraint nodeTaintsPolicy Honor Ignore
TopologySpreadConstraint whenUnsatisfiable DoNotSchedule ScheduleAnyway
VolumeMount mountPropagation Bidirectional HostToContainer None
`

const values = new Map(
  published
    .trim()
    .split('\n')
    .map((line) => {
      const [type, field, ...rest] = line.split(' ')
      return [`${type} ${field}`, rest.map((value) => (value === '""' ? '' : value))] as const
    }),
)

/** The only values of a field; undefined where any are. */
export const valuesOf = (type: string, field: string): readonly string[] | undefined => values.get(`${type} ${field}`)
