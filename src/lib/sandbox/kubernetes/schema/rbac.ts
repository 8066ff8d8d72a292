/** The types of Kubernetes' "rbac" API, in the notation that schema.ts explains. */
export const rbac = `
AggregationRule
  clusterRoleSelectors [LabelSelector]
ClusterRole
  aggregationRule AggregationRule
  apiVersion string
  kind string
  metadata ObjectMeta
  rules [PolicyRule]
ClusterRoleBinding
  apiVersion string
  kind string
  metadata ObjectMeta
  roleRef RoleRef
  subjects [Subject]
PolicyRule
  apiGroups [string]
  nonResourceURLs [string]
  resourceNames [string]
  resources [string]
  verbs [string]
Role
  apiVersion string
  kind string
  metadata ObjectMeta
  rules [PolicyRule]
RoleBinding
  apiVersion string
  kind string
  metadata ObjectMeta
  roleRef RoleRef
  subjects [Subject]
RoleRef atomic
  apiGroup string
  kind string
  name string
Subject atomic
  apiGroup string
  kind string
  name string
  namespace string
`
