import type { Client, KubeObject } from '../kubernetes/types.ts'

interface PolicySpec {
  readonly podSelector?: { readonly matchLabels?: Readonly<Record<string, string>> }
  readonly policyTypes?: readonly string[]
  readonly egress?: readonly { readonly ports?: readonly { readonly port?: number | string }[] }[]
}

/** Whether the NetworkPolicies let a pod reach this port: by ports alone, whom a rule leads to is not looked at. */
export const mayReach = (client: Client, { metadata }: KubeObject, port: number): boolean => {
  const own = client
    .list({ group: 'networking.k8s.io', resource: 'networkpolicies' }, { namespace: metadata.namespace ?? '' })
    .map((policy) => (policy['spec'] ?? {}) as PolicySpec)
    .filter(({ podSelector }) => Object.entries(podSelector?.matchLabels ?? {}).every(([name, value]) => metadata.labels?.[name] === value))
    .filter(({ policyTypes = [], egress }) => policyTypes.includes('Egress') || egress !== undefined)
  return (
    own.length === 0 ||
    own.some(({ egress = [] }) => egress.some(({ ports }) => ports === undefined || ports.some((one) => one.port === port)))
  )
}
