import { got } from '../../facts/edge/survey.ts'
import { allOf } from '../../facts/firewall/judge.ts'
import { differenceOf } from '../../facts/firewall/lists.ts'
import { type FirewallSurvey, surveyFirewalls } from '../../facts/firewall/survey.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import { firewallFindings } from './findings.ts'

/** Each node's rules for 443 against what Cloudflare publishes today. */
export const firewallStatus = defineReport({
  id: 'firewall:status',
  title: "Hold each node's firewall against Cloudflare's ranges",
  needs: ['cloudflare', 'nodes', 'kube'],
  choices: {},
  look: async (_, look, { environment }) => {
    const survey = await surveyFirewalls(environment, look)
    return {
      findings: firewallFindings(survey),
      tables: [nodesTable(survey), listsTable(survey)],
      notes: ['SSH (22) is open to anybody, by key alone; other ports: sudo ufw status verbose'],
      unreachable: 'because' in survey.published && [...survey.nodes.values()].every((one) => 'because' in one),
      data: { published: survey.published, nodes: Object.fromEntries(survey.nodes), lists: survey.lists },
    }
  },
})

const nodesTable = ({ published, nodes }: FirewallSurvey): Table => {
  const ranges = got(published)
  const count = allOf(ranges ?? { ipv4: [], ipv6: [] }).length
  return {
    title: 'Nodes',
    columns: ['node', 'UFW', 'incoming', 'Cloudflare at 443', 'missing', 'stale', 'by hand', 'open'],
    rows: [...nodes].map(([alias, answer]) => {
      const judged = got(answer)
      if (!judged) return [alias, '?', '?', '?', '?', '?', '?', '?']
      const { active, incoming, present, missing, stale, byHand, open } = judged
      const few = (n: number) => (n === 0 ? '' : String(n))
      // Without the published list nothing tells its ranges from others.
      const counts = ranges ? [`${present} of ${count}`, few(missing.length), few(stale.length), few(byHand.length)] : ['?', '?', '?', '?']
      return [alias, active ? 'active' : 'INACTIVE', active ? incoming : '', ...counts, few(open.length)]
    }),
  }
}

const listsTable = ({ published, lists }: FirewallSurvey): Table => {
  const ranges = got(published)
  return {
    title: 'Where else the list lives',
    columns: ['place', 'ranges', 'lacks', 'others'],
    rows: (got(lists) ?? []).map((list) => {
      if (!list.ranges) return [list.where, 'not set', '', '']
      if (!ranges) return [list.where, String(list.ranges.length), '?', '?']
      const { lacks, has } = differenceOf(list, allOf(ranges))
      return [list.where, String(list.ranges.length), String(lacks.length || ''), String(has.length || '')]
    }),
  }
}
