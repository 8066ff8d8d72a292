import { counted } from '../../counted.ts'
import { coversPort } from '../../firewall-rule.ts'
import { every, type Finding, fails, when } from '../../plan/finding.ts'
import type { PublishedRanges } from '../../systems/cloudflare/types.ts'
import { allOf, https, type Judged } from './judge.ts'

const cidr = /^(\d{1,3}(\.\d{1,3}){3}\/\d{1,2}|[0-9a-f:]+\/\d{1,3})$/

/** Whether the published list can be believed beside what the nodes let in now. */
export const believable = (published: PublishedRanges, nodes: readonly Judged[]): Finding => {
  const ranges = allOf(published)
  if (ranges.length === 0) return fails('the published list is empty')
  const odd = ranges.filter((range) => !cidr.test(range))
  // Rules by hand among them: where the whole list is another one, nothing tells old ranges from those.
  const known = Math.max(0, ...nodes.map(({ present, leaning, stale, byHand }) => present - leaning.length + stale.length + byHand.length))
  return every([
    when(published.ipv4.length > 0, 'the published list has no IPv4 range'),
    when(odd.length === 0, `the published list holds what is no range: ${odd.slice(0, 3).join(', ')}`),
    when(ranges.length * 2 >= known, `the published list has ${some(ranges.length)}, less than half of the ${known} that are let in now`),
  ])
}

/** The command that lets every published range in. */
export const refresh = 'honeydue firewall:refresh'

const some = (count: number): string => counted(count, 'range')

/** Why Cloudflare does not get in at 443 of a node; empty where it does. */
export const keptOut = ({ active, missing, against, unread }: Judged): readonly string[] => {
  if (!active || missing.length === 0) return []
  const perhaps = unread.some((rule) => coversPort(rule, https)) ? ', unless a rule that cannot be read lets it in' : ''
  return against.length > 0
    ? against.map(({ spec }) => `its firewall keeps a part of Cloudflare out at ${https}: ${spec}`)
    : [`its firewall keeps out ${some(missing.length)} of Cloudflare${perhaps}: ${refresh}`]
}
