/** The types of Kubernetes' "networking" API, in the notation that schema.ts explains. */
export const networking = `
HTTPIngressPath
  backend IngressBackend
  path string
  pathType string
HTTPIngressRuleValue
  paths [HTTPIngressPath]
IPBlock
  cidr string
  except [string]
Ingress
  apiVersion string
  kind string
  metadata ObjectMeta
  spec IngressSpec
  status IngressStatus
IngressBackend
  resource TypedLocalObjectReference
  service IngressServiceBackend
IngressClass
  apiVersion string
  kind string
  metadata ObjectMeta
  spec IngressClassSpec
IngressClassParametersReference
  apiGroup string
  kind string
  name string
  namespace string
  scope string
IngressClassSpec
  controller string
  parameters IngressClassParametersReference
IngressLoadBalancerIngress
  hostname string
  ip string
  ports [IngressPortStatus]
IngressLoadBalancerStatus
  ingress [IngressLoadBalancerIngress]
IngressPortStatus
  error string
  port int32
  protocol string
IngressRule
  host string
  http HTTPIngressRuleValue
IngressServiceBackend
  name string
  port ServiceBackendPort
IngressSpec
  defaultBackend IngressBackend
  ingressClassName string
  rules [IngressRule]
  tls [IngressTLS]
IngressStatus
  loadBalancer IngressLoadBalancerStatus
IngressTLS
  hosts [string]
  secretName string
NetworkPolicy
  apiVersion string
  kind string
  metadata ObjectMeta
  spec NetworkPolicySpec
NetworkPolicyEgressRule
  ports [NetworkPolicyPort]
  to [NetworkPolicyPeer]
NetworkPolicyIngressRule
  from [NetworkPolicyPeer]
  ports [NetworkPolicyPort]
NetworkPolicyPeer
  ipBlock IPBlock
  namespaceSelector LabelSelector
  podSelector LabelSelector
NetworkPolicyPort
  endPort int32
  port int-or-string
  protocol string
NetworkPolicySpec
  egress [NetworkPolicyEgressRule]
  ingress [NetworkPolicyIngressRule]
  podSelector LabelSelector
  policyTypes [string]
ServiceBackendPort atomic
  name string
  number int32
`
