/** The types of Kubernetes' "discovery" API, in the notation that schema.ts explains. */
export const discovery = `
Endpoint
  addresses [string] set
  conditions EndpointConditions
  deprecatedTopology {string}
  hints EndpointHints
  hostname string
  nodeName string
  targetRef ObjectReference
  zone string
EndpointConditions
  ready boolean
  serving boolean
  terminating boolean
EndpointHints
  forNodes [ForNode]
  forZones [ForZone]
DiscoveryEndpointPort atomic
  appProtocol string
  name string
  port int32
  protocol string
EndpointSlice
  addressType string
  apiVersion string
  endpoints [Endpoint]
  kind string
  metadata ObjectMeta
  ports [DiscoveryEndpointPort]
ForNode
  name string
ForZone
  name string
`
