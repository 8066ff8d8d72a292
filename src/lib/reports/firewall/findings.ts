import { got } from '../../facts/edge/survey.ts'
import { allOf, believable, type Judged } from '../../facts/firewall/judge.ts'
import { differenceOf } from '../../facts/firewall/lists.ts'
import type { FirewallSurvey } from '../../facts/firewall/survey.ts'
import type { Observation } from '../../plan/report.ts'
import type { FirewallRule } from '../../systems/nodes/types.ts'

const refresh = 'honeydue firewall:refresh'
const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next && { next }) })

/** "5 ranges", or the one. */
const some = (ranges: readonly string[]): string => (ranges.length === 1 ? String(ranges[0]) : `${ranges.length} ranges`)
const byHand = (alias: string, { spec }: FirewallRule): string => `ssh ${alias} "sudo ufw delete ${spec}"`

const ofNode = (alias: string, judged: Judged, published: boolean): readonly Observation[] => [
  ...(judged.active ? [] : [wrong(`UFW on ${alias} is inactive: everything is open`, `ssh ${alias} sudo ufw enable`)]),
  // An inactive UFW does not say what it would do.
  ...(!judged.active || judged.incoming === 'deny' || judged.incoming === 'reject'
    ? []
    : [wrong(`UFW on ${alias} lets in what no rule speaks of (${judged.incoming})`)]),
  ...judged.open.map((rule) => wrong(`${alias} is open to anybody: ${rule.spec}`, byHand(alias, rule))),
  ...judged.against.map((rule) => wrong(`${alias} keeps somebody out at 443: ${rule.spec}`, byHand(alias, rule))),
  ...(published && judged.missing.length > 0 ? [wrong(`${alias} does not let in ${some(judged.missing)} of Cloudflare`, refresh)] : []),
  ...(published && judged.stale.length > 0
    ? [wrong(`${alias} lets in ${some(judged.stale.map(({ from }) => from))} that Cloudflare no longer publishes`, refresh)]
    : []),
  ...(published ? judged.byHand : []).map((rule) => ({
    level: 'warning' as const,
    text: `${alias} also lets in ${rule.from} at 443`,
    next: byHand(alias, rule),
  })),
  ...judged.unread.map((rule) => ({ level: 'warning' as const, text: `A rule of ${alias} says what cannot be judged here: ${rule.spec}` })),
]

const ofLists = ({ lists, published }: FirewallSurvey): readonly Observation[] => {
  const ranges = got(published)
  if ('because' in lists) return [{ level: 'warning', text: `Traefik's own lists could not be read: ${lists.because}` }]
  if (!ranges) return []
  return lists.value.flatMap((list): readonly Observation[] => {
    if (list.ranges === undefined) return []
    const { lacks, has } = differenceOf(list, allOf(ranges))
    return [
      ...(lacks.length > 0 ? [wrong(`${list.where} lacks ${some(lacks)} of Cloudflare`)] : []),
      ...(has.length > 0 ? [wrong(`${list.where} trusts ${some(has)} that Cloudflare does not publish`)] : []),
    ]
  })
}

/** What is wrong at the nodes' doors, worst first. */
export const firewallFindings = (survey: FirewallSurvey): readonly Observation[] => {
  const published = got(survey.published)
  const judged = [...survey.nodes.values()].flatMap((one) => got(one) ?? [])
  const believed = published && believable(published, judged)
  const all = [
    ...('because' in survey.published
      ? [wrong(`Cloudflare's ranges could not be read: ${survey.published.because}`, survey.published.next)]
      : []),
    ...(believed?.ok === false ? [wrong(`What Cloudflare publishes cannot be true: ${believed.because}`)] : []),
    ...[...survey.nodes].flatMap(([alias, judged]) =>
      'because' in judged
        ? [wrong(`${alias} could not be asked: ${judged.because}`, 'honeydue nodes:status')]
        : ofNode(alias, judged.value, believed?.ok === true),
    ),
    // Against a list that cannot be true everything would be wrong.
    ...(believed?.ok === false ? [] : ofLists(survey)),
  ]
  return [...all.filter(({ level }) => level === 'wrong'), ...all.filter(({ level }) => level === 'warning')]
}
