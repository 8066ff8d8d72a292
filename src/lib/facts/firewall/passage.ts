import { coversPort, type FirewallRule } from '../../firewall-rule.ts'
import type { Firewall } from '../../systems/nodes/types.ts'
import { overlap, type Span, spansOf, without } from './spans.ts'

/** What becomes of a source's connections to one TCP port: the first rule that fits an address decides. */
export interface Passage {
  /** Every address of it comes in. */
  readonly letIn: boolean
  /** Rules that let some of it in, and that keep some of it out. */
  readonly by: readonly FirewallRule[]
  readonly against: readonly FirewallRule[]
}

export const admits = ({ action }: FirewallRule): boolean => action === 'allow' || action === 'limit'

/** Interfaces of containers, tunnels and the machine itself, for a node that does not say where its default route leads. */
const inner = /^(lo|cni|flannel|docker|veth|br-|virbr|wg|tailscale|tun|tap|kube|cilium|vxlan|dummy)/
const privateAddress = /^(10\.|127\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cde]|::1)/i

export const isPrivate = (source: string): boolean => privateAddress.test(source)

/** Whether a rule speaks of what comes from the Internet to this TCP port. */
export const decides = (rule: FirewallRule, port: number, { interfaces = [] }: Pick<Firewall, 'interfaces'>): boolean => {
  const { known, interface: device, sourcePort = 'any', to } = rule
  if (!known || !coversPort(rule, port) || sourcePort !== 'any' || isPrivate(to)) return false
  return device === undefined || (interfaces.length > 0 ? interfaces.includes(device) : !inner.test(device))
}

/** Follows a source through the rules. `leaving`: as if these rules were not there. */
export const passage = (source: string, port: number, firewall: Firewall, leaving: readonly FirewallRule[] = []): Passage => {
  const { rules, rules6 = rules, incoming } = firewall
  const by: FirewallRule[] = []
  const against: FirewallRule[] = []
  let left: readonly Span[] = spansOf(source)
  const family = left[0]?.family
  for (const rule of family === 6 ? rules6 : rules) {
    const met = spansOf(rule.from)
    if (leaving.includes(rule) || !decides(rule, port, firewall) || !overlap(left, met)) continue
    left = without(left, met)
    ;(admits(rule) ? by : against).push(rule)
  }
  return { letIn: against.length === 0 && (left.length === 0 || incoming === 'allow') && family !== undefined, by, against }
}
