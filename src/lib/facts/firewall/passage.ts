import { isIP } from 'node:net'
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

/** Whether connections from the Internet arrive at an address that a rule names. */
const isHere = (to: string, { addresses = [] }: Pick<Firewall, 'addresses'>): boolean => {
  if (to === 'any') return true
  const own = addresses.filter((address) => isIP(address) === spansOf(to)[0]?.family)
  return own.length > 0 ? overlap(own.flatMap(spansOf), spansOf(to)) : !isPrivate(to)
}

/** The kernel takes a plus at the end for whatever follows: eth+ is eth0 as well. */
const names = (device: string, interface_: string): boolean =>
  device.endsWith('+') ? interface_.startsWith(device.slice(0, -1)) : interface_ === device

/** Whether a rule speaks of what comes from the Internet to this TCP port. */
export const decides = (rule: FirewallRule, port: number, node: Pick<Firewall, 'interfaces' | 'addresses'>): boolean => {
  const { known, interface: device, sourcePort = 'any', to } = rule
  const { interfaces = [] } = node
  if (!known || !coversPort(rule, port) || sourcePort !== 'any' || !isHere(to, node)) return false
  return device === undefined || (interfaces.length > 0 ? interfaces.some((one) => names(device, one)) : !inner.test(device))
}

/** False for a rule of the other family: by its words, or by the address that it lets in to. */
const isOf = ({ family, to }: FirewallRule, wanted: 4 | 6 | undefined): boolean =>
  (family ?? wanted) === wanted && spansOf(to).some((span) => span.family === wanted)

/** Follows a source through the rules. `leaving`: as if these rules were not there. */
export const passage = (source: string, port: number, firewall: Firewall, leaving: readonly FirewallRule[] = []): Passage => {
  const { rules, rules6 = rules, incoming } = firewall
  const by: FirewallRule[] = []
  const against: FirewallRule[] = []
  let left: readonly Span[] = spansOf(source)
  const family = left[0]?.family
  for (const rule of family === 6 ? rules6 : rules) {
    const met = spansOf(rule.from)
    if (leaving.includes(rule) || !decides(rule, port, firewall) || !isOf(rule, family) || !overlap(left, met)) continue
    left = without(left, met)
    ;(admits(rule) ? by : against).push(rule)
  }
  return { letIn: against.length === 0 && (left.length === 0 || incoming === 'allow') && family !== undefined, by, against }
}
