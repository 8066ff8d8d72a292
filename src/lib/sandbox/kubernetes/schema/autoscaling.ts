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
CrossVersionObjectReference
  apiVersion string
  kind string
  name string
`
