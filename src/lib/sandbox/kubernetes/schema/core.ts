/** The types of Kubernetes' "core" API, in the notation that schema.ts explains. */
export const core = `
AWSElasticBlockStoreVolumeSource
  fsType string
  partition int32
  readOnly boolean
  volumeID string
Affinity
  nodeAffinity NodeAffinity
  podAffinity PodAffinity
  podAntiAffinity PodAntiAffinity
AppArmorProfile
  localhostProfile string
  type string
AttachedVolume
  devicePath string
  name string
AzureDiskVolumeSource
  cachingMode string
  diskName string
  diskURI string
  fsType string
  kind string
  readOnly boolean
AzureFilePersistentVolumeSource
  readOnly boolean
  secretName string
  secretNamespace string
  shareName string
AzureFileVolumeSource
  readOnly boolean
  secretName string
  shareName string
CSIPersistentVolumeSource
  controllerExpandSecretRef SecretReference
  controllerPublishSecretRef SecretReference
  driver string
  fsType string
  nodeExpandSecretRef SecretReference
  nodePublishSecretRef SecretReference
  nodeStageSecretRef SecretReference
  readOnly boolean
  volumeAttributes {string}
  volumeHandle string
CSIVolumeSource
  driver string
  fsType string
  nodePublishSecretRef LocalObjectReference
  readOnly boolean
  volumeAttributes {string}
Capabilities
  add [string]
  drop [string]
CephFSPersistentVolumeSource
  monitors [string]
  path string
  readOnly boolean
  secretFile string
  secretRef SecretReference
  user string
CephFSVolumeSource
  monitors [string]
  path string
  readOnly boolean
  secretFile string
  secretRef LocalObjectReference
  user string
CinderPersistentVolumeSource
  fsType string
  readOnly boolean
  secretRef SecretReference
  volumeID string
CinderVolumeSource
  fsType string
  readOnly boolean
  secretRef LocalObjectReference
  volumeID string
ClientIPConfig
  timeoutSeconds int32
ClusterTrustBundleProjection
  labelSelector LabelSelector
  name string
  optional boolean
  path string
  signerName string
ConfigMap
  apiVersion string
  binaryData {bytes}
  data {string}
  immutable boolean
  kind string
  metadata ObjectMeta
ConfigMapEnvSource
  name string
  optional boolean
ConfigMapKeySelector atomic
  key string
  name string
  optional boolean
ConfigMapNodeConfigSource
  kubeletConfigKey string
  name string
  namespace string
  resourceVersion string
  uid string
ConfigMapProjection
  items [KeyToPath]
  name string
  optional boolean
ConfigMapVolumeSource
  defaultMode int32
  items [KeyToPath]
  name string
  optional boolean
Container
  args [string]
  command [string]
  env [EnvVar] by name
  envFrom [EnvFromSource]
  image string
  imagePullPolicy string
  lifecycle Lifecycle
  livenessProbe Probe
  name string
  ports [ContainerPort] by containerPort,protocol
  readinessProbe Probe
  resizePolicy [ContainerResizePolicy]
  resources ResourceRequirements
  restartPolicy string
  restartPolicyRules [ContainerRestartRule]
  securityContext SecurityContext
  startupProbe Probe
  stdin boolean
  stdinOnce boolean
  terminationMessagePath string
  terminationMessagePolicy string
  tty boolean
  volumeDevices [VolumeDevice] by devicePath
  volumeMounts [VolumeMount] by mountPath
  workingDir string
ContainerExtendedResourceRequest
  containerName string
  requestName string
  resourceName string
ContainerImage
  names [string]
  sizeBytes int64
ContainerPort
  containerPort int32
  hostIP string
  hostPort int32
  name string
  protocol string
ContainerResizePolicy
  resourceName string
  restartPolicy string
ContainerRestartRule
  action string
  exitCodes ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes
  operator string
  values [int32] set
ContainerState
  running ContainerStateRunning
  terminated ContainerStateTerminated
  waiting ContainerStateWaiting
ContainerStateRunning
  startedAt time
ContainerStateTerminated
  containerID string
  exitCode int32
  finishedAt time
  message string
  reason string
  signal int32
  startedAt time
ContainerStateWaiting
  message string
  reason string
ContainerStatus
  allocatedResources {quantity}
  allocatedResourcesStatus [ResourceStatus] by name
  containerID string
  image string
  imageID string
  lastState ContainerState
  name string
  ready boolean
  resources ResourceRequirements
  restartCount int32
  started boolean
  state ContainerState
  stopSignal string
  user ContainerUser
  volumeMounts [VolumeMountStatus] by mountPath
ContainerUser
  linux LinuxContainerUser
DaemonEndpoint
  Port int32
DownwardAPIProjection
  items [DownwardAPIVolumeFile]
DownwardAPIVolumeFile
  fieldRef ObjectFieldSelector
  mode int32
  path string
  resourceFieldRef ResourceFieldSelector
DownwardAPIVolumeSource
  defaultMode int32
  items [DownwardAPIVolumeFile]
EmptyDirVolumeSource
  medium string
  sizeLimit quantity
EndpointAddress atomic
  hostname string
  ip string
  nodeName string
  targetRef ObjectReference
EndpointPort atomic
  appProtocol string
  name string
  port int32
  protocol string
EndpointSubset
  addresses [EndpointAddress]
  notReadyAddresses [EndpointAddress]
  ports [EndpointPort]
Endpoints
  apiVersion string
  kind string
  metadata ObjectMeta
  subsets [EndpointSubset]
EnvFromSource
  configMapRef ConfigMapEnvSource
  prefix string
  secretRef SecretEnvSource
EnvVar
  name string
  value string
  valueFrom EnvVarSource
EnvVarSource
  configMapKeyRef ConfigMapKeySelector
  fieldRef ObjectFieldSelector
  fileKeyRef FileKeySelector
  resourceFieldRef ResourceFieldSelector
  secretKeyRef SecretKeySelector
EphemeralContainer
  args [string]
  command [string]
  env [EnvVar] by name
  envFrom [EnvFromSource]
  image string
  imagePullPolicy string
  lifecycle Lifecycle
  livenessProbe Probe
  name string
  ports [ContainerPort] by containerPort,protocol
  readinessProbe Probe
  resizePolicy [ContainerResizePolicy]
  resources ResourceRequirements
  restartPolicy string
  restartPolicyRules [ContainerRestartRule]
  securityContext SecurityContext
  startupProbe Probe
  stdin boolean
  stdinOnce boolean
  targetContainerName string
  terminationMessagePath string
  terminationMessagePolicy string
  tty boolean
  volumeDevices [VolumeDevice] by devicePath
  volumeMounts [VolumeMount] by mountPath
  workingDir string
EphemeralVolumeSource
  volumeClaimTemplate PersistentVolumeClaimTemplate
Event
  action string
  apiVersion string
  count int32
  eventTime microtime
  firstTimestamp time
  involvedObject ObjectReference
  kind string
  lastTimestamp time
  message string
  metadata ObjectMeta
  reason string
  related ObjectReference
  reportingComponent string
  reportingInstance string
  series EventSeries
  source EventSource
  type string
EventSeries
  count int32
  lastObservedTime microtime
EventSource
  component string
  host string
ExecAction
  command [string]
FCVolumeSource
  fsType string
  lun int32
  readOnly boolean
  targetWWNs [string]
  wwids [string]
FileKeySelector atomic
  key string
  optional boolean
  path string
  volumeName string
FlexPersistentVolumeSource
  driver string
  fsType string
  options {string}
  readOnly boolean
  secretRef SecretReference
FlexVolumeSource
  driver string
  fsType string
  options {string}
  readOnly boolean
  secretRef LocalObjectReference
FlockerVolumeSource
  datasetName string
  datasetUUID string
GCEPersistentDiskVolumeSource
  fsType string
  partition int32
  pdName string
  readOnly boolean
GRPCAction
  port int32
  service string
GitRepoVolumeSource
  directory string
  repository string
  revision string
GlusterfsPersistentVolumeSource
  endpoints string
  endpointsNamespace string
  path string
  readOnly boolean
GlusterfsVolumeSource
  endpoints string
  path string
  readOnly boolean
HTTPGetAction
  host string
  httpHeaders [HTTPHeader]
  path string
  port int-or-string
  scheme string
HTTPHeader
  name string
  value string
HostAlias
  hostnames [string]
  ip string
HostIP
  ip string
HostPathVolumeSource
  path string
  type string
ISCSIPersistentVolumeSource
  chapAuthDiscovery boolean
  chapAuthSession boolean
  fsType string
  initiatorName string
  iqn string
  iscsiInterface string
  lun int32
  portals [string]
  readOnly boolean
  secretRef SecretReference
  targetPortal string
ISCSIVolumeSource
  chapAuthDiscovery boolean
  chapAuthSession boolean
  fsType string
  initiatorName string
  iqn string
  iscsiInterface string
  lun int32
  portals [string]
  readOnly boolean
  secretRef LocalObjectReference
  targetPortal string
ImageVolumeSource
  pullPolicy string
  reference string
KeyToPath
  key string
  mode int32
  path string
Lifecycle
  postStart LifecycleHandler
  preStop LifecycleHandler
  stopSignal string
LifecycleHandler
  exec ExecAction
  httpGet HTTPGetAction
  sleep SleepAction
  tcpSocket TCPSocketAction
LimitRange
  apiVersion string
  kind string
  metadata ObjectMeta
  spec LimitRangeSpec
LimitRangeItem
  default {quantity}
  defaultRequest {quantity}
  max {quantity}
  maxLimitRequestRatio {quantity}
  min {quantity}
  type string
LimitRangeSpec
  limits [LimitRangeItem]
LinuxContainerUser
  gid int64
  supplementalGroups [int32]
  uid int64
LoadBalancerIngress
  hostname string
  ip string
  ipMode string
  ports [PortStatus]
LoadBalancerStatus
  ingress [LoadBalancerIngress]
LocalObjectReference atomic
  name string
LocalVolumeSource
  fsType string
  path string
ModifyVolumeStatus
  status string
  targetVolumeAttributesClassName string
NFSVolumeSource
  path string
  readOnly boolean
  server string
Namespace
  apiVersion string
  kind string
  metadata ObjectMeta
  spec NamespaceSpec
  status NamespaceStatus
NamespaceCondition
  lastTransitionTime time
  message string
  reason string
  status string
  type string
NamespaceSpec
  finalizers [string]
NamespaceStatus
  conditions [NamespaceCondition] by type
  phase string
Node
  apiVersion string
  kind string
  metadata ObjectMeta
  spec NodeSpec
  status NodeStatus
NodeAddress
  address string
  type string
NodeAffinity
  preferredDuringSchedulingIgnoredDuringExecution [PreferredSchedulingTerm]
  requiredDuringSchedulingIgnoredDuringExecution NodeSelector
NodeCondition
  lastHeartbeatTime time
  lastTransitionTime time
  message string
  reason string
  status string
  type string
NodeConfigSource
  configMap ConfigMapNodeConfigSource
NodeConfigStatus
  active NodeConfigSource
  assigned NodeConfigSource
  error string
  lastKnownGood NodeConfigSource
NodeDaemonEndpoints
  kubeletEndpoint DaemonEndpoint
NodeFeatures
  supplementalGroupsPolicy boolean
NodeRuntimeHandler
  features NodeRuntimeHandlerFeatures
  name string
NodeRuntimeHandlerFeatures
  recursiveReadOnlyMounts boolean
  userNamespaces boolean
NodeSelector atomic
  nodeSelectorTerms [NodeSelectorTerm]
NodeSelectorRequirement
  key string
  operator string
  values [string]
NodeSelectorTerm atomic
  matchExpressions [NodeSelectorRequirement]
  matchFields [NodeSelectorRequirement]
NodeSpec
  configSource NodeConfigSource
  externalID string
  podCIDR string
  podCIDRs [string] set
  providerID string
  taints [Taint]
  unschedulable boolean
NodeStatus
  addresses [NodeAddress] by type
  allocatable {quantity}
  capacity {quantity}
  conditions [NodeCondition] by type
  config NodeConfigStatus
  daemonEndpoints NodeDaemonEndpoints
  features NodeFeatures
  images [ContainerImage]
  nodeInfo NodeSystemInfo
  phase string
  runtimeHandlers [NodeRuntimeHandler]
  volumesAttached [AttachedVolume]
  volumesInUse [string]
NodeSwapStatus
  capacity int64
NodeSystemInfo
  architecture string
  bootID string
  containerRuntimeVersion string
  kernelVersion string
  kubeProxyVersion string
  kubeletVersion string
  machineID string
  operatingSystem string
  osImage string
  swap NodeSwapStatus
  systemUUID string
ObjectFieldSelector atomic
  apiVersion string
  fieldPath string
ObjectReference atomic
  apiVersion string
  fieldPath string
  kind string
  name string
  namespace string
  resourceVersion string
  uid string
PersistentVolume
  apiVersion string
  kind string
  metadata ObjectMeta
  spec PersistentVolumeSpec
  status PersistentVolumeStatus
PersistentVolumeClaim
  apiVersion string
  kind string
  metadata ObjectMeta
  spec PersistentVolumeClaimSpec
  status PersistentVolumeClaimStatus
PersistentVolumeClaimCondition
  lastProbeTime time
  lastTransitionTime time
  message string
  reason string
  status string
  type string
PersistentVolumeClaimSpec
  accessModes [string]
  dataSource TypedLocalObjectReference
  dataSourceRef TypedObjectReference
  resources VolumeResourceRequirements
  selector LabelSelector
  storageClassName string
  volumeAttributesClassName string
  volumeMode string
  volumeName string
PersistentVolumeClaimStatus
  accessModes [string]
  allocatedResourceStatuses {string}
  allocatedResources {quantity}
  capacity {quantity}
  conditions [PersistentVolumeClaimCondition] by type
  currentVolumeAttributesClassName string
  modifyVolumeStatus ModifyVolumeStatus
  phase string
PersistentVolumeClaimTemplate
  metadata ObjectMeta
  spec PersistentVolumeClaimSpec
PersistentVolumeClaimVolumeSource
  claimName string
  readOnly boolean
PersistentVolumeSpec
  accessModes [string]
  awsElasticBlockStore AWSElasticBlockStoreVolumeSource
  azureDisk AzureDiskVolumeSource
  azureFile AzureFilePersistentVolumeSource
  capacity {quantity}
  cephfs CephFSPersistentVolumeSource
  cinder CinderPersistentVolumeSource
  claimRef ObjectReference
  csi CSIPersistentVolumeSource
  fc FCVolumeSource
  flexVolume FlexPersistentVolumeSource
  flocker FlockerVolumeSource
  gcePersistentDisk GCEPersistentDiskVolumeSource
  glusterfs GlusterfsPersistentVolumeSource
  hostPath HostPathVolumeSource
  iscsi ISCSIPersistentVolumeSource
  local LocalVolumeSource
  mountOptions [string]
  nfs NFSVolumeSource
  nodeAffinity VolumeNodeAffinity
  persistentVolumeReclaimPolicy string
  photonPersistentDisk PhotonPersistentDiskVolumeSource
  portworxVolume PortworxVolumeSource
  quobyte QuobyteVolumeSource
  rbd RBDPersistentVolumeSource
  scaleIO ScaleIOPersistentVolumeSource
  storageClassName string
  storageos StorageOSPersistentVolumeSource
  volumeAttributesClassName string
  volumeMode string
  vsphereVolume VsphereVirtualDiskVolumeSource
PersistentVolumeStatus
  lastPhaseTransitionTime time
  message string
  phase string
  reason string
PhotonPersistentDiskVolumeSource
  fsType string
  pdID string
Pod
  apiVersion string
  kind string
  metadata ObjectMeta
  spec PodSpec
  status PodStatus
PodAffinity
  preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm]
  requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm]
PodAffinityTerm
  labelSelector LabelSelector
  matchLabelKeys [string]
  mismatchLabelKeys [string]
  namespaceSelector LabelSelector
  namespaces [string]
  topologyKey string
PodAntiAffinity
  preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm]
  requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm]
PodCertificateProjection
  certificateChainPath string
  credentialBundlePath string
  keyPath string
  keyType string
  maxExpirationSeconds int32
  signerName string
PodCondition
  lastProbeTime time
  lastTransitionTime time
  message string
  observedGeneration int64
  reason string
  status string
  type string
PodDNSConfig
  nameservers [string]
  options [PodDNSConfigOption]
  searches [string]
PodDNSConfigOption
  name string
  value string
PodExtendedResourceClaimStatus
  requestMappings [ContainerExtendedResourceRequest]
  resourceClaimName string
PodIP
  ip string
PodOS
  name string
PodReadinessGate
  conditionType string
PodResourceClaim
  name string
  resourceClaimName string
  resourceClaimTemplateName string
PodResourceClaimStatus
  name string
  resourceClaimName string
PodSchedulingGate
  name string
PodSecurityContext
  appArmorProfile AppArmorProfile
  fsGroup int64
  fsGroupChangePolicy string
  runAsGroup int64
  runAsNonRoot boolean
  runAsUser int64
  seLinuxChangePolicy string
  seLinuxOptions SELinuxOptions
  seccompProfile SeccompProfile
  supplementalGroups [int32]
  supplementalGroupsPolicy string
  sysctls [Sysctl]
  windowsOptions WindowsSecurityContextOptions
PodSpec
  activeDeadlineSeconds int64
  affinity Affinity
  automountServiceAccountToken boolean
  containers [Container] by name
  dnsConfig PodDNSConfig
  dnsPolicy string
  enableServiceLinks boolean
  ephemeralContainers [EphemeralContainer] by name
  hostAliases [HostAlias] by ip
  hostIPC boolean
  hostNetwork boolean
  hostPID boolean
  hostUsers boolean
  hostname string
  hostnameOverride string
  imagePullSecrets [LocalObjectReference] by name
  initContainers [Container] by name
  nodeName string
  nodeSelector {string} atomic
  os PodOS
  overhead {quantity}
  preemptionPolicy string
  priority int32
  priorityClassName string
  readinessGates [PodReadinessGate]
  resourceClaims [PodResourceClaim] by name
  resources ResourceRequirements
  restartPolicy string
  runtimeClassName string
  schedulerName string
  schedulingGates [PodSchedulingGate] by name
  securityContext PodSecurityContext
  serviceAccount string
  serviceAccountName string
  setHostnameAsFQDN boolean
  shareProcessNamespace boolean
  subdomain string
  terminationGracePeriodSeconds int64
  tolerations [Toleration]
  topologySpreadConstraints [TopologySpreadConstraint] by topologyKey,whenUnsatisfiable
  volumes [Volume] by name
PodStatus
  conditions [PodCondition] by type
  containerStatuses [ContainerStatus]
  ephemeralContainerStatuses [ContainerStatus]
  extendedResourceClaimStatus PodExtendedResourceClaimStatus
  hostIP string
  hostIPs [HostIP]
  initContainerStatuses [ContainerStatus]
  message string
  nominatedNodeName string
  observedGeneration int64
  phase string
  podIP string
  podIPs [PodIP] by ip
  qosClass string
  reason string
  resize string
  resourceClaimStatuses [PodResourceClaimStatus] by name
  startTime time
PodTemplateSpec
  metadata ObjectMeta
  spec PodSpec
PortStatus
  error string
  port int32
  protocol string
PortworxVolumeSource
  fsType string
  readOnly boolean
  volumeID string
PreferredSchedulingTerm
  preference NodeSelectorTerm
  weight int32
Probe
  exec ExecAction
  failureThreshold int32
  grpc GRPCAction
  httpGet HTTPGetAction
  initialDelaySeconds int32
  periodSeconds int32
  successThreshold int32
  tcpSocket TCPSocketAction
  terminationGracePeriodSeconds int64
  timeoutSeconds int32
ProjectedVolumeSource
  defaultMode int32
  sources [VolumeProjection]
QuobyteVolumeSource
  group string
  readOnly boolean
  registry string
  tenant string
  user string
  volume string
RBDPersistentVolumeSource
  fsType string
  image string
  keyring string
  monitors [string]
  pool string
  readOnly boolean
  secretRef SecretReference
  user string
RBDVolumeSource
  fsType string
  image string
  keyring string
  monitors [string]
  pool string
  readOnly boolean
  secretRef LocalObjectReference
  user string
ResourceClaim
  name string
  request string
ResourceFieldSelector atomic
  containerName string
  divisor quantity
  resource string
ResourceHealth
  health string
  resourceID string
ResourceQuota
  apiVersion string
  kind string
  metadata ObjectMeta
  spec ResourceQuotaSpec
  status ResourceQuotaStatus
ResourceQuotaSpec
  hard {quantity}
  scopeSelector ScopeSelector
  scopes [string]
ResourceQuotaStatus
  hard {quantity}
  used {quantity}
ResourceRequirements
  claims [ResourceClaim] by name
  limits {quantity}
  requests {quantity}
ResourceStatus
  name string
  resources [ResourceHealth] by resourceID
SELinuxOptions
  level string
  role string
  type string
  user string
ScaleIOPersistentVolumeSource
  fsType string
  gateway string
  protectionDomain string
  readOnly boolean
  secretRef SecretReference
  sslEnabled boolean
  storageMode string
  storagePool string
  system string
  volumeName string
ScaleIOVolumeSource
  fsType string
  gateway string
  protectionDomain string
  readOnly boolean
  secretRef LocalObjectReference
  sslEnabled boolean
  storageMode string
  storagePool string
  system string
  volumeName string
ScopeSelector atomic
  matchExpressions [ScopedResourceSelectorRequirement]
ScopedResourceSelectorRequirement
  operator string
  scopeName string
  values [string]
SeccompProfile
  localhostProfile string
  type string
Secret
  apiVersion string
  data {bytes}
  immutable boolean
  kind string
  metadata ObjectMeta
  stringData {string}
  type string
SecretEnvSource
  name string
  optional boolean
SecretKeySelector atomic
  key string
  name string
  optional boolean
SecretProjection
  items [KeyToPath]
  name string
  optional boolean
SecretReference atomic
  name string
  namespace string
SecretVolumeSource
  defaultMode int32
  items [KeyToPath]
  optional boolean
  secretName string
SecurityContext
  allowPrivilegeEscalation boolean
  appArmorProfile AppArmorProfile
  capabilities Capabilities
  privileged boolean
  procMount string
  readOnlyRootFilesystem boolean
  runAsGroup int64
  runAsNonRoot boolean
  runAsUser int64
  seLinuxOptions SELinuxOptions
  seccompProfile SeccompProfile
  windowsOptions WindowsSecurityContextOptions
Service
  apiVersion string
  kind string
  metadata ObjectMeta
  spec ServiceSpec
  status ServiceStatus
ServiceAccount
  apiVersion string
  automountServiceAccountToken boolean
  imagePullSecrets [LocalObjectReference]
  kind string
  metadata ObjectMeta
  secrets [ObjectReference] by name
ServiceAccountTokenProjection
  audience string
  expirationSeconds int64
  path string
ServicePort
  appProtocol string
  name string
  nodePort int32
  port int32
  protocol string
  targetPort int-or-string
ServiceSpec
  allocateLoadBalancerNodePorts boolean
  clusterIP string
  clusterIPs [string]
  externalIPs [string]
  externalName string
  externalTrafficPolicy string
  healthCheckNodePort int32
  internalTrafficPolicy string
  ipFamilies [string]
  ipFamilyPolicy string
  loadBalancerClass string
  loadBalancerIP string
  loadBalancerSourceRanges [string]
  ports [ServicePort] by port,protocol
  publishNotReadyAddresses boolean
  selector {string} atomic
  sessionAffinity string
  sessionAffinityConfig SessionAffinityConfig
  trafficDistribution string
  type string
ServiceStatus
  conditions [Condition] by type
  loadBalancer LoadBalancerStatus
SessionAffinityConfig
  clientIP ClientIPConfig
SleepAction
  seconds int64
StorageOSPersistentVolumeSource
  fsType string
  readOnly boolean
  secretRef ObjectReference
  volumeName string
  volumeNamespace string
StorageOSVolumeSource
  fsType string
  readOnly boolean
  secretRef LocalObjectReference
  volumeName string
  volumeNamespace string
Sysctl
  name string
  value string
TCPSocketAction
  host string
  port int-or-string
Taint
  effect string
  key string
  timeAdded time
  value string
Toleration
  effect string
  key string
  operator string
  tolerationSeconds int64
  value string
TopologySelectorLabelRequirement
  key string
  values [string]
TopologySelectorTerm atomic
  matchLabelExpressions [TopologySelectorLabelRequirement]
TopologySpreadConstraint
  labelSelector LabelSelector
  matchLabelKeys [string]
  maxSkew int32
  minDomains int32
  nodeAffinityPolicy string
  nodeTaintsPolicy string
  topologyKey string
  whenUnsatisfiable string
TypedLocalObjectReference atomic
  apiGroup string
  kind string
  name string
TypedObjectReference
  apiGroup string
  kind string
  name string
  namespace string
Volume
  awsElasticBlockStore AWSElasticBlockStoreVolumeSource
  azureDisk AzureDiskVolumeSource
  azureFile AzureFileVolumeSource
  cephfs CephFSVolumeSource
  cinder CinderVolumeSource
  configMap ConfigMapVolumeSource
  csi CSIVolumeSource
  downwardAPI DownwardAPIVolumeSource
  emptyDir EmptyDirVolumeSource
  ephemeral EphemeralVolumeSource
  fc FCVolumeSource
  flexVolume FlexVolumeSource
  flocker FlockerVolumeSource
  gcePersistentDisk GCEPersistentDiskVolumeSource
  gitRepo GitRepoVolumeSource
  glusterfs GlusterfsVolumeSource
  hostPath HostPathVolumeSource
  image ImageVolumeSource
  iscsi ISCSIVolumeSource
  name string
  nfs NFSVolumeSource
  persistentVolumeClaim PersistentVolumeClaimVolumeSource
  photonPersistentDisk PhotonPersistentDiskVolumeSource
  portworxVolume PortworxVolumeSource
  projected ProjectedVolumeSource
  quobyte QuobyteVolumeSource
  rbd RBDVolumeSource
  scaleIO ScaleIOVolumeSource
  secret SecretVolumeSource
  storageos StorageOSVolumeSource
  vsphereVolume VsphereVirtualDiskVolumeSource
VolumeDevice
  devicePath string
  name string
VolumeMount
  mountPath string
  mountPropagation string
  name string
  readOnly boolean
  recursiveReadOnly string
  subPath string
  subPathExpr string
VolumeMountStatus
  mountPath string
  name string
  readOnly boolean
  recursiveReadOnly string
VolumeNodeAffinity
  required NodeSelector
VolumeProjection
  clusterTrustBundle ClusterTrustBundleProjection
  configMap ConfigMapProjection
  downwardAPI DownwardAPIProjection
  podCertificate PodCertificateProjection
  secret SecretProjection
  serviceAccountToken ServiceAccountTokenProjection
VolumeResourceRequirements
  limits {quantity}
  requests {quantity}
VsphereVirtualDiskVolumeSource
  fsType string
  storagePolicyID string
  storagePolicyName string
  volumePath string
WeightedPodAffinityTerm
  podAffinityTerm PodAffinityTerm
  weight int32
WindowsSecurityContextOptions
  gmsaCredentialSpec string
  gmsaCredentialSpecName string
  hostProcess boolean
  runAsUserName string
`
