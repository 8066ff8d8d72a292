/** The types of Kubernetes' common metadata, in the notation that schema.ts explains. */
export const meta = `
Condition
  lastTransitionTime time
  message string
  observedGeneration int64
  reason string
  status string
  type string
LabelSelector atomic
  matchExpressions [LabelSelectorRequirement]
  matchLabels {string}
LabelSelectorRequirement
  key string
  operator string
  values [string]
ManagedFieldsEntry
  apiVersion string
  fieldsType string
  fieldsV1 fields
  manager string
  operation string
  subresource string
  time time
ObjectMeta
  annotations {string}
  creationTimestamp time
  deletionGracePeriodSeconds int64
  deletionTimestamp time
  finalizers [string] set
  generateName string
  generation int64
  labels {string}
  managedFields [ManagedFieldsEntry]
  name string
  namespace string
  ownerReferences [OwnerReference] by uid
  resourceVersion string
  selfLink string
  uid string
OwnerReference atomic
  apiVersion string
  blockOwnerDeletion boolean
  controller boolean
  kind string
  name string
  uid string
`
