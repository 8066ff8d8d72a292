/** Types that no stored kind is built from: what subresources and reviews are sent as, and Traefik's objects, whose spec stays open. */
export const own = `
Scale
  apiVersion string
  kind string
  metadata ObjectMeta
  spec ScaleSpec
  status ScaleStatus
ScaleSpec
  replicas int32
ScaleStatus
  replicas int32
  selector string
DeleteOptions
  apiVersion string
  dryRun [string]
  gracePeriodSeconds int64
  ignoreStoreReadErrorWithClusterBreakingPotential boolean
  kind string
  orphanDependents boolean
  preconditions Preconditions
  propagationPolicy string
Preconditions
  resourceVersion string
  uid string
Eviction
  apiVersion string
  deleteOptions DeleteOptions
  kind string
  metadata ObjectMeta
Binding
  apiVersion string
  kind string
  metadata ObjectMeta
  target ObjectReference
ResourceAttributes
  fieldSelector any
  group string
  labelSelector any
  name string
  namespace string
  resource string
  subresource string
  verb string
  version string
NonResourceAttributes
  path string
  verb string
AccessReviewStatus
  allowed boolean
  denied boolean
  evaluationError string
  reason string
SelfSubjectAccessReview
  apiVersion string
  kind string
  metadata ObjectMeta
  spec SelfSubjectAccessReviewSpec
  status AccessReviewStatus
SelfSubjectAccessReviewSpec
  nonResourceAttributes NonResourceAttributes
  resourceAttributes ResourceAttributes
SubjectAccessReview
  apiVersion string
  kind string
  metadata ObjectMeta
  spec SubjectAccessReviewSpec
  status AccessReviewStatus
SubjectAccessReviewSpec
  extra any
  groups [string]
  nonResourceAttributes NonResourceAttributes
  resourceAttributes ResourceAttributes
  uid string
  user string
SelfSubjectRulesReview
  apiVersion string
  kind string
  metadata ObjectMeta
  spec SelfSubjectRulesReviewSpec
  status any
SelfSubjectRulesReviewSpec
  namespace string
SelfSubjectReview
  apiVersion string
  kind string
  metadata ObjectMeta
  status any
Open
  apiVersion string
  kind string
  metadata ObjectMeta
  spec any
  status any
`
