/** The types of Kubernetes' "autoscaling" API, in the notation that schema.ts explains; what a metric is made of is not told apart. */
export const autoscaling = `
HorizontalPodAutoscaler
  apiVersion string
  kind string
  metadata ObjectMeta
  spec HorizontalPodAutoscalerSpec
  status any
HorizontalPodAutoscalerSpec
  behavior any
  maxReplicas int32
  metrics any
  minReplicas int32
  scaleTargetRef CrossVersionObjectReference
OlderAutoscaler
  apiVersion string
  kind string
  metadata ObjectMeta
  spec OlderAutoscalerSpec
  status OlderAutoscalerStatus
OlderAutoscalerSpec
  maxReplicas int32
  minReplicas int32
  scaleTargetRef CrossVersionObjectReference
  targetCPUUtilizationPercentage int32
OlderAutoscalerStatus
  currentCPUUtilizationPercentage int32
  currentReplicas int32
  desiredReplicas int32
  lastScaleTime time
  observedGeneration int64
CrossVersionObjectReference
  apiVersion string
  kind string
  name string
`
