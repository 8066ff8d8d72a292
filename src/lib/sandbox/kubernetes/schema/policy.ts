/** The types of Kubernetes' "policy" API, in the notation that schema.ts explains. */
export const policy = `
PodDisruptionBudget
  apiVersion string
  kind string
  metadata ObjectMeta
  spec PodDisruptionBudgetSpec
  status PodDisruptionBudgetStatus
PodDisruptionBudgetSpec
  maxUnavailable int-or-string
  minAvailable int-or-string
  selector LabelSelector
  unhealthyPodEvictionPolicy string
PodDisruptionBudgetStatus
  conditions [Condition] by type
  currentHealthy int32
  desiredHealthy int32
  disruptedPods {time}
  disruptionsAllowed int32
  expectedPods int32
  observedGeneration int64
`
