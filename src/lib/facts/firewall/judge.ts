import { coversPort, type FirewallRule, isOfTheWeb, plainWords } from '../../firewall-rule.ts'
import type { SeenNode } from '../../node-lines.ts'
import type { PublishedRanges } from '../../systems/cloudflare/types.ts'
import type { Firewall } from '../../systems/nodes/types.ts'
import { admits, decides, isPrivate, passage } from './passage.ts'
import { overlap, spansOf, without } from './spans.ts'

/** One node's rules for 443 against Cloudflare's published ranges. Rules of other ports are `others`: shown, and not judged. */
export interface Judged {
  readonly active: boolean
  readonly incoming: string
  /** Published ranges that no rule lets in. */
  readonly missing: readonly string[]
  /** Published ranges that are let in by what is to go alone: a rule for anybody, one that is stale, or the default. */
  readonly leaning: readonly string[]
  /** Rules that carry the comment of Cloudflare's rules, for a range that is no longer published. */
  readonly stale: readonly FirewallRule[]
  /** Other sources that were let in at 443 by hand, and wider ones than Cloudflare's. */
  readonly byHand: readonly FirewallRule[]
  /** Rules that let anybody in at 80 or 443. */
  readonly open: readonly FirewallRule[]
  /** Rules that keep some of Cloudflare out at 443: the first that fits decides, so a range behind one is not let in. */
  readonly against: readonly FirewallRule[]
  /** Rules that say what cannot be read. */
  readonly unread: readonly FirewallRule[]
  /** Everything else that was allowed, refused or banned. */
  readonly others: readonly FirewallRule[]
  /** How many ranges are wanted, and how many of them are let in. */
  readonly wanted: number
  readonly present: number
  /** False where UFW leaves IPv6 alone: its ranges are not wanted there. */
  readonly ipv6: boolean
  /** What Cloudflare's rules are marked with; '' where they carry nothing, or what no command line is to hold. */
  readonly comment: string
  /** Those of `open`, `byHand` and `against` that may go: SSH, the cluster's ports and Cloudflare are let in without them. */
  readonly mayGo: readonly FirewallRule[]
  /** The port at which SSH comes in, and whether a rule lets it. */
  readonly ssh: { readonly port: number; readonly letIn: boolean }
  /** What a line to be pasted must do about the node. */
  readonly seen?: SeenNode
}

export const https = 443
const web = [80, https]

/** All ranges, as UFW writes them. */
export const allOf = ({ ipv4, ipv6 }: PublishedRanges): readonly string[] => [...ipv4, ...ipv6].map((range) => range.toLowerCase())

/** Exactly what this tool writes: one source at TCP 443. */
const isSourceRule = ({ known, action, from, to, port, protocol, interface: device, profile, sourcePort, file }: FirewallRule): boolean =>
  known &&
  file === undefined &&
  `${action} ${to} ${port} ${protocol}` === `allow any ${https} tcp` &&
  from !== 'any' &&
  [device, profile, sourcePort].every((one) => one === undefined)

/** The word that most of Cloudflare's rules carry. */
const commentOf = (rules: readonly FirewallRule[]): string => {
  const counts = new Map<string, number>()
  for (const { comment = '' } of rules) counts.set(comment, (counts.get(comment) ?? 0) + 1)
  const [most = ''] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? []
  return plainWords.test(most) ? most : ''
}

/** Compares a node's rules with the published ranges. */
export const judge = (firewall: Firewall, published: PublishedRanges): Judged => {
  const { active, incoming, ipv6 = true, ssh = { client: 'any', port: 22 } } = firewall
  const wanted = allOf(ipv6 ? published : { ...published, ipv6: [] })
  const all = allOf(published).flatMap(spansOf)
  const inbound = firewall.rules.filter(({ direction, routed }) => direction !== 'out' && !routed)
  const passages = new Map(wanted.map((range) => [range, passage(range, https, firewall)]))
  const missing = wanted.filter((range) => !passages.get(range)?.letIn)
  const against = [...new Set([...passages.values()].flatMap((one) => one.against))]
  const atWeb = inbound.filter((rule) => admits(rule) && web.some((port) => decides(rule, port, firewall)))
  const open = atWeb.filter(({ from }) => from === 'any')
  const sources = inbound.filter(isSourceRule)
  const comment = commentOf(sources.filter(({ from }) => wanted.includes(from.toLowerCase())))
  const foreign = atWeb.filter(
    (rule) => !open.includes(rule) && decides(rule, https, firewall) && without(spansOf(rule.from), all).length > 0,
  )
  const stale = foreign.filter((rule) => isSourceRule(rule) && comment !== '' && rule.comment === comment)
  // Nodes, pods and operators are let in at every port: that is no business of 443.
  const byHand = foreign.filter((rule) => !stale.includes(rule) && rule.port !== 'any')
  const unread = inbound.filter((rule) => {
    // Of what stands in a file of UFW's the port is read all the same.
    if (rule.known) return false
    return rule.file === undefined ? rule.profile === undefined || coversPort(rule, https) : coversPort({ ...rule, known: true }, https)
  })
  const told = [...open, ...byHand, ...stale, ...against, ...unread]
  const denying = { ...firewall, incoming: 'deny' }
  const present = wanted.filter((range) => !missing.includes(range))
  const staysIn = (rule: FirewallRule) => present.every((range) => passage(range, https, firewall, [rule]).letIn)
  return {
    active,
    incoming,
    missing,
    leaning: present.filter((range) => !passage(range, https, denying, [...open, ...stale]).letIn),
    stale,
    byHand,
    open,
    against,
    unread,
    others: firewall.rules.filter((rule) => !told.includes(rule) && !(atWeb.includes(rule) && isOfTheWeb(rule))),
    wanted: wanted.length,
    present: present.length,
    ipv6,
    comment,
    mayGo: [...open, ...byHand, ...against].filter((rule) => isOfTheWeb(rule) && !coversPort(rule, ssh.port) && staysIn(rule)),
    ...(firewall.seen && { seen: firewall.seen }),
    ssh: { port: ssh.port, letIn: passage(ssh.client, ssh.port, denying).letIn },
  }
}

/** Whether a rule's source is wider than the published ranges that it holds. */
export const isWider = ({ from }: FirewallRule, published: PublishedRanges): boolean =>
  !isPrivate(from) && overlap(spansOf(from), allOf(published).flatMap(spansOf))
