import { every, type Finding, fails, when } from '../../plan/finding.ts'
import type { PublishedRanges } from '../../systems/cloudflare/types.ts'
import { coversPort } from '../../systems/nodes/firewall.ts'
import type { Firewall, FirewallRule } from '../../systems/nodes/types.ts'

/** One node's rules for 443 against Cloudflare's published ranges. */
export interface Judged {
  readonly active: boolean
  readonly incoming: string
  /** Published ranges that no rule lets in. */
  readonly missing: readonly string[]
  /** Rules that carry the comment of Cloudflare's rules, for a range that is no longer published. */
  readonly stale: readonly FirewallRule[]
  /** Other sources that were let in at 443 by hand. */
  readonly byHand: readonly FirewallRule[]
  /** Rules that let anybody in, anywhere but at SSH. */
  readonly open: readonly FirewallRule[]
  /** Rules that keep somebody out at 443: the first that fits decides, so a range behind one is not let in. */
  readonly against: readonly FirewallRule[]
  /** Rules that say what cannot be read: application profiles, interfaces. */
  readonly unread: readonly FirewallRule[]
  /** How many published ranges are let in. */
  readonly present: number
  /** What Cloudflare's rules are marked with; '' where they carry nothing. */
  readonly comment: string
}

export const https = 443

/** All ranges, as UFW writes them. */
export const allOf = ({ ipv4, ipv6 }: PublishedRanges): readonly string[] => [...ipv4, ...ipv6].map((range) => range.toLowerCase())

const admits = ({ action }: FirewallRule): boolean => action === 'allow' || action === 'limit'

/** Exactly what this tool writes: one source at TCP 443. */
const isSourceRule = ({ known, action, from, to, port, protocol }: FirewallRule): boolean =>
  known && action === 'allow' && from !== 'any' && to === 'any' && port === String(https) && protocol === 'tcp'

/** The word that most of Cloudflare's rules carry. */
const commentOf = (rules: readonly FirewallRule[]): string => {
  const counts = new Map<string, number>()
  for (const { comment = '' } of rules) counts.set(comment, (counts.get(comment) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ''
}

/** Compares a node's rules with the published ranges. */
export const judge = ({ active, incoming, rules }: Firewall, published: PublishedRanges): Judged => {
  const wanted = allOf(published)
  const inbound = rules.filter(({ direction }) => direction !== 'out')
  const sources = inbound.filter(isSourceRule)
  const present = new Set(sources.map(({ from }) => from.toLowerCase()).filter((from) => wanted.includes(from)))
  const comment = commentOf(sources.filter(({ from }) => present.has(from.toLowerCase())))
  const others = sources.filter(({ from }) => !present.has(from.toLowerCase()))
  const isStale = (rule: FirewallRule) => comment !== '' && rule.comment === comment
  const wide = inbound.filter((rule) => rule.known && admits(rule) && !isSourceRule(rule))
  return {
    active,
    incoming,
    missing: wanted.filter((range) => !present.has(range)),
    stale: others.filter(isStale),
    byHand: [
      ...others.filter((rule) => !isStale(rule)),
      ...wide.filter((rule) => rule.from !== 'any' && rule.port !== 'any' && coversPort(rule, https)),
    ],
    open: wide.filter((rule) => rule.from === 'any' && !(rule.port === '22' && rule.protocol !== 'udp')),
    against: inbound.filter((rule) => rule.known && !admits(rule) && coversPort(rule, https)),
    unread: inbound.filter(({ known }) => !known),
    present: present.size,
    comment,
  }
}

const cidr = /^(\d{1,3}(\.\d{1,3}){3}\/\d{1,2}|[0-9a-f:]+\/\d{1,3})$/

/** Whether the published list can be believed beside what the nodes let in now. */
export const believable = (published: PublishedRanges, nodes: readonly Judged[]): Finding => {
  const ranges = allOf(published)
  if (ranges.length === 0) return fails('the published list is empty')
  const odd = ranges.filter((range) => !cidr.test(range))
  // Rules by hand among them: where the whole list is another one, nothing tells old ranges from those.
  const known = Math.max(0, ...nodes.map(({ present, stale, byHand }) => present + stale.length + byHand.length))
  return every([
    when(published.ipv4.length > 0, 'the published list has no IPv4 range'),
    when(odd.length === 0, `the published list holds what is no range: ${odd.slice(0, 3).join(', ')}`),
    when(ranges.length * 2 >= known, `the published list has ${some(ranges.length)}, less than half of the ${known} that are let in now`),
  ])
}

const some = (count: number): string => (count === 1 ? '1 range' : `${count} ranges`)

/** Why Cloudflare does not get in at 443 of a node; empty where it does. */
export const keptOut = ({ active, incoming, missing, open, against }: Judged): readonly string[] => {
  if (!active) return []
  const wide = incoming === 'allow' || open.some((rule) => coversPort(rule, https))
  return [
    ...against.map(({ spec }) => `its firewall keeps somebody out at ${https}: ${spec}`),
    ...(missing.length > 0 && !wide ? [`its firewall keeps out ${some(missing.length)} of Cloudflare: honeydue firewall:refresh`] : []),
  ]
}
