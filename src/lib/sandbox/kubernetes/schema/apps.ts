/** The types of Kubernetes' "apps" API, in the notation that schema.ts explains. */
export const apps = `
ControllerRevision
  apiVersion string
  data any
  kind string
  metadata ObjectMeta
  revision int64
DaemonSet
  apiVersion string
  kind string
  metadata ObjectMeta
  spec DaemonSetSpec
  status DaemonSetStatus
DaemonSetCondition
  lastTransitionTime time
  message string
  reason string
  status string
  type string
DaemonSetSpec
  minReadySeconds int32
  revisionHistoryLimit int32
  selector LabelSelector
  template PodTemplateSpec
  updateStrategy DaemonSetUpdateStrategy
DaemonSetStatus
  collisionCount int32
  conditions [DaemonSetCondition] by type
  currentNumberScheduled int32
  desiredNumberScheduled int32
  numberAvailable int32
  numberMisscheduled int32
  numberReady int32
  numberUnavailable int32
  observedGeneration int64
  updatedNumberScheduled int32
DaemonSetUpdateStrategy
  rollingUpdate RollingUpdateDaemonSet
  type string
Deployment
  apiVersion string
  kind string
  metadata ObjectMeta
  spec DeploymentSpec
  status DeploymentStatus
DeploymentCondition
  lastTransitionTime time
  lastUpdateTime time
  message string
  reason string
  status string
  type string
DeploymentSpec
  minReadySeconds int32
  paused boolean
  progressDeadlineSeconds int32
  replicas int32
  revisionHistoryLimit int32
  selector LabelSelector
  strategy DeploymentStrategy
  template PodTemplateSpec
DeploymentStatus
  availableReplicas int32
  collisionCount int32
  conditions [DeploymentCondition] by type
  observedGeneration int64
  readyReplicas int32
  replicas int32
  terminatingReplicas int32
  unavailableReplicas int32
  updatedReplicas int32
DeploymentStrategy
  rollingUpdate RollingUpdateDeployment
  type string
ReplicaSet
  apiVersion string
  kind string
  metadata ObjectMeta
  spec ReplicaSetSpec
  status ReplicaSetStatus
ReplicaSetCondition
  lastTransitionTime time
  message string
  reason string
  status string
  type string
ReplicaSetSpec
  minReadySeconds int32
  replicas int32
  selector LabelSelector
  template PodTemplateSpec
ReplicaSetStatus
  availableReplicas int32
  conditions [ReplicaSetCondition] by type
  fullyLabeledReplicas int32
  observedGeneration int64
  readyReplicas int32
  replicas int32
  terminatingReplicas int32
RollingUpdateDaemonSet
  maxSurge int-or-string
  maxUnavailable int-or-string
RollingUpdateDeployment
  maxSurge int-or-string
  maxUnavailable int-or-string
RollingUpdateStatefulSetStrategy
  maxUnavailable int-or-string
  partition int32
StatefulSet
  apiVersion string
  kind string
  metadata ObjectMeta
  spec StatefulSetSpec
  status StatefulSetStatus
StatefulSetCondition
  lastTransitionTime time
  message string
  reason string
  status string
  type string
StatefulSetOrdinals
  start int32
StatefulSetPersistentVolumeClaimRetentionPolicy
  whenDeleted string
  whenScaled string
StatefulSetSpec
  minReadySeconds int32
  ordinals StatefulSetOrdinals
  persistentVolumeClaimRetentionPolicy StatefulSetPersistentVolumeClaimRetentionPolicy
  podManagementPolicy string
  replicas int32
  revisionHistoryLimit int32
  selector LabelSelector
  serviceName string
  template PodTemplateSpec
  updateStrategy StatefulSetUpdateStrategy
  volumeClaimTemplates [PersistentVolumeClaim]
StatefulSetStatus
  availableReplicas int32
  collisionCount int32
  conditions [StatefulSetCondition] by type
  currentReplicas int32
  currentRevision string
  observedGeneration int64
  readyReplicas int32
  replicas int32
  updateRevision string
  updatedReplicas int32
StatefulSetUpdateStrategy
  rollingUpdate RollingUpdateStatefulSetStrategy
  type string
`
