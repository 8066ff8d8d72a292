import { got } from '../../facts/edge/survey.ts'
import { allOf, type Judged } from '../../facts/firewall/judge.ts'
import { differenceOf } from '../../facts/firewall/lists.ts'
import { type FirewallSurvey, surveyFirewalls } from '../../facts/firewall/survey.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import { firewallFindings } from './findings.ts'

/** Each node's rules for 443 against what Cloudflare publishes today. */
export const firewallStatus = defineReport({
  id: 'firewall:status',
  title: "Compare each node's firewall with Cloudflare's ranges",
  needs: ['cloudflare', 'nodes', 'kube'],
  choices: {},
  look: async (_, look, { environment }) => {
    const survey = await surveyFirewalls(environment, look)
    return {
      findings: firewallFindings(survey),
      tables: [nodesTable(survey), listsTable(survey), othersTable(survey)],
      notes: notesOf(survey),
      unreachable: 'because' in survey.published && [...survey.nodes.values()].every((one) => 'because' in one),
      data: { published: survey.published, nodes: Object.fromEntries(survey.nodes), lists: survey.lists },
    }
  },
})

const nodesTable = ({ published, nodes }: FirewallSurvey): Table => {
  const ranges = got(published)
  return {
    title: 'Nodes',
    columns: ['node', 'UFW', 'incoming', 'Cloudflare at 443', 'missing', 'stale', 'by hand', 'open'],
    rows: [...nodes].map(([alias, answer]) => {
      const judged = got(answer)
      if (!judged) return [alias, '?', '?', '?', '?', '?', '?', '?']
      const { active, incoming, present, wanted, missing, stale, byHand, open } = judged
      const few = (n: number) => (n === 0 ? '' : String(n))
      // Without the published list nothing tells its ranges from others.
      const counts = ranges ? [`${present} of ${wanted}`, few(missing.length), few(stale.length), few(byHand.length)] : ['?', '?', '?', '?']
      return [alias, active ? 'active' : 'INACTIVE', active ? incoming : '', ...counts, few(open.length)]
    }),
  }
}

/** What is allowed or refused at other ports, or to others: whether it should be is not known here. */
const othersTable = ({ nodes }: FirewallSurvey): Table => {
  const where = new Map<string, string[]>()
  for (const [alias, answer] of nodes)
    for (const { spec, comment } of got(answer)?.others ?? []) {
      const rule = comment ? `${spec}  # ${comment}` : spec
      where.set(rule, [...(where.get(rule) ?? []), alias])
    }
  return {
    title: 'Other rules, not judged',
    columns: ['rule', 'nodes'],
    rows: [...where].map(([rule, aliases]) => [rule, aliases.length === nodes.size ? 'all' : aliases.join(', ')]),
  }
}

const notesOf = ({ nodes }: FirewallSurvey): readonly string[] => {
  const those = (which: (judged: Judged) => boolean) =>
    [...nodes].flatMap(([alias, one]) => ('value' in one && which(one.value) ? [alias] : []))
  const [v4, off] = [those(({ ipv6 }) => !ipv6), those(({ active }) => !active)]
  return [
    'At 80 and 443 rules are judged; SSH and the ports of the cluster are shown as they are',
    ...(v4.length > 0
      ? [`UFW leaves IPv6 alone on ${v4.join(', ')} (IPV6=no in /etc/default/ufw): Cloudflare's IPv6 ranges are not wanted there`]
      : []),
    ...(off.length > 0
      ? [
          `Before UFW is enabled on ${off.join(', ')}: its rules must let in what the nodes need of each other (6443, 2379-2380, 10250, 8472/udp)`,
        ]
      : []),
  ]
}

const listsTable = ({ published, lists }: FirewallSurvey): Table => {
  const ranges = got(published)
  return {
    title: 'Where else the list lives',
    columns: ['place', 'ranges', 'lacks', 'others'],
    rows: (got(lists) ?? []).map((list) => {
      if (!list.ranges) return [list.where, list.unread === undefined ? 'not set' : 'not known', '', '']
      if (!ranges) return [list.where, String(list.ranges.length), '?', '?']
      const { lacks, has } = differenceOf(list, allOf(ranges))
      return [list.where, String(list.ranges.length), String(lacks.length || ''), String(has.length || '')]
    }),
  }
}
