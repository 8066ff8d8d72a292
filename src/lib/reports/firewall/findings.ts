import { got } from '../../facts/edge/survey.ts'
import { believable } from '../../facts/firewall/believable.ts'
import { allOf, isWider, type Judged } from '../../facts/firewall/judge.ts'
import { differenceOf, lineFor } from '../../facts/firewall/lists.ts'
import type { FirewallSurvey } from '../../facts/firewall/survey.ts'
import type { FirewallRule } from '../../firewall-rule.ts'
import { asRootOn } from '../../node-lines.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import type { PublishedRanges } from '../../systems/cloudflare/types.ts'
import { deleteLine } from '../../ufw-lines.ts'

const refresh = 'honeydue firewall:refresh'
/** Traefik is k3s's own: its settings are those of this object. */
const theirManifest = 'kubectl -n kube-system edit helmchartconfig traefik'
const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next && { next }) })

/** "5 ranges", or the one. */
const some = (ranges: readonly string[]): string => (ranges.length === 1 ? String(ranges[0]) : `${ranges.length} ranges`)

/**
 * The line that deletes a rule, where SSH, the cluster and Cloudflare come in without it; what makes it so, where Cloudflare does not. What stands in a file is looked up
 * there: no command of UFW deletes it.
 */
const without = (alias: string, rule: FirewallRule, { mayGo, leaning, seen }: Judged): string | undefined => {
  if (rule.file !== undefined) return asRootOn(alias, sh`grep -n before-input /etc/ufw/${rule.file}`, seen)
  if (mayGo.includes(rule)) return asRootOn(alias, deleteLine(rule), seen)
  return leaning.length > 0 && rule.from === 'any' ? sh`honeydue firewall:refresh --node ${alias}` : undefined
}

const inactive = (alias: string, { ssh, seen }: Judged): Observation =>
  ssh.letIn
    ? wrong(`UFW on ${alias} is inactive: everything is open`, asRootOn(alias, sh`ufw enable`, seen))
    : wrong(
        `UFW on ${alias} is inactive, and has no rule that lets SSH in at ${ssh.port}`,
        asRootOn(alias, sh`ufw allow ${ssh.port}/tcp`, seen),
      )

const ofNode = (alias: string, judged: Judged, published: PublishedRanges | undefined): readonly Observation[] => [
  ...(judged.active ? [] : [inactive(alias, judged)]),
  // An inactive UFW does not say what it would do.
  ...(!judged.active || judged.incoming === 'deny' || judged.incoming === 'reject'
    ? []
    : [wrong(`UFW on ${alias} lets in everything that has no rule (${judged.incoming})`)]),
  ...judged.open.map((rule) => wrong(`${alias} is open to anybody: ${rule.spec}`, without(alias, rule, judged))),
  ...(published ? ofCloudflare(alias, judged, published) : []),
  ...judged.unread.map((rule) => warning(`A rule of ${alias} cannot be judged: ${rule.spec}`)),
]

const ofCloudflare = (alias: string, judged: Judged, published: PublishedRanges): readonly Observation[] => [
  ...judged.against.map((rule) => wrong(`${alias} keeps a part of Cloudflare out at 443: ${rule.spec}`, without(alias, rule, judged))),
  ...(judged.missing.length > 0 && judged.against.length === 0
    ? [wrong(`${alias} does not let in ${some(judged.missing)} of Cloudflare`, refresh)]
    : []),
  ...(judged.stale.length > 0
    ? [wrong(`${alias} lets in ${some(judged.stale.map(({ from }) => from))} that Cloudflare no longer publishes`, refresh)]
    : []),
  ...judged.byHand.map((rule) =>
    warning(
      `${alias} also lets in ${rule.from} at 443${isWider(rule, published) ? ", which is wider than Cloudflare's ranges" : ''}`,
      without(alias, rule, judged),
    ),
  ),
]

const ofLists = ({ lists, published }: FirewallSurvey): readonly Observation[] => {
  const ranges = got(published)
  if ('because' in lists) return [{ level: 'warning', text: `Traefik's own lists could not be read: ${lists.because}` }]
  if (!ranges) return []
  return lists.value.flatMap((list): readonly Observation[] => {
    if (list.unread !== undefined) return [warning(`${list.where} could not be read: ${list.unread}`, theirManifest)]
    const anybody = (list.anybody ?? []).map((point) =>
      wrong(`Traefik believes anybody about the client's address: forwardedHeaders.insecure is on at ${point}`, theirManifest),
    )
    if (list.ranges === undefined) return anybody
    const { lacks, has } = differenceOf(list, allOf(ranges))
    const next = lineFor(list, allOf(ranges))
    return [
      ...anybody,
      ...(lacks.length > 0 ? [wrong(`${list.where} lacks ${some(lacks)} of Cloudflare`, next)] : []),
      ...(has.length > 0
        ? [wrong(`${list.where} trusts ${some(has)} that Cloudflare does not publish`, lacks.length > 0 ? undefined : next)]
        : []),
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
        : ofNode(alias, judged.value, believed?.ok === true ? published : undefined),
    ),
    // Against a list that cannot be true everything would be wrong.
    ...(believed?.ok === false ? [] : ofLists(survey)),
  ]
  return worstFirst(all)
}
