/** The types of Kubernetes' "storage" API, in the notation that schema.ts explains. */
export const storage = `
StorageClass
  allowVolumeExpansion boolean
  allowedTopologies [TopologySelectorTerm]
  apiVersion string
  kind string
  metadata ObjectMeta
  mountOptions [string]
  parameters {string}
  provisioner string
  reclaimPolicy string
  volumeBindingMode string
`
