import { Unreachable } from '../../errors.ts'
import { isWell, publicNames, statusInWords, urlOf } from '../../facts/edge/public-names.ts'
import { got, type Told, told } from '../../facts/edge/survey.ts'
import { believable } from '../../facts/firewall/believable.ts'
import { allOf, https, type Judged, judge } from '../../facts/firewall/judge.ts'
import { differenceOf, type OtherList, otherLists } from '../../facts/firewall/lists.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, fails, when } from '../../plan/finding.ts'
import type { Proof } from '../../plan/procedure.ts'
import { sh, words } from '../../shell.ts'
import type { PublishedRanges } from '../../systems/cloudflare/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { wantedOf } from '../edge/round-robin-facts.ts'

export type Needs = 'cloudflare' | 'nodes' | 'http' | 'kube'

/** The doors as they were when the plan was made. */
export interface RefreshFacts {
  readonly deployment: Context['environment']
  readonly published: PublishedRanges
  readonly nodes: readonly { readonly alias: string; readonly judged: Judged }[]
  readonly lists: Told<readonly OtherList[]>
  /** Names that are asked through the edge after each node. */
  readonly names: readonly string[]
  /** Some of them do not answer well now. */
  readonly unwell: boolean
}

/** Reads every door that is to be refreshed; one that cannot be read stops it, unless others are named. */
export const gatherRefresh = async (
  only: readonly string[],
  look: Readers<Needs>,
  deployment: Context['environment'],
): Promise<RefreshFacts> => {
  const nodes = only.length > 0 ? [...new Set(only)].map((alias) => nodeNamed(deployment, alias)) : deployment.nodes
  const asking = look.cloudflare.ranges()
  const [published, lists, names, ...firewalls] = await Promise.all([
    asking,
    told(otherLists(look.kube, deployment, asking.then(allOf))),
    // Without a token the environment's own names are asked.
    told(look.cloudflare.addresses()).then((records) => publicNames(deployment, got(records) ?? [])),
    ...nodes.map(({ alias }) => told(look.nodes.firewall(alias))),
  ])
  const unread = nodes.filter((_, i) => !('value' in (firewalls[i] ?? {}))).map(({ alias }) => alias)
  const others = deployment.nodes.flatMap(({ alias }) => (unread.includes(alias) ? [] : ['--node', alias]))
  const judged = nodes.map(({ alias }, i) => {
    const firewall = firewalls[i]
    if (firewall && 'value' in firewall) return { alias, judged: judge(firewall.value, published) }
    throw new Unreachable({
      code: 'firewall-unread',
      failed: `The firewall of ${alias} cannot be read`,
      cause: firewall?.because ?? 'it was not asked',
      next: others.length > 0 ? sh`honeydue firewall:refresh ${words(others)}   # without it` : 'honeydue nodes:status',
    })
  })
  const asked = { deployment, published, nodes: judged, lists, names }
  return { ...asked, unwell: !(await throughTheEdge(asked, look)).ok }
}

const throughTheEdge = async ({ deployment, names }: Pick<RefreshFacts, 'deployment' | 'names'>, look: Readers<'http'>): Promise<Finding> =>
  every(
    await Promise.all(
      names.map(async (name) => {
        const url = urlOf(deployment, name)
        const answer = await told(look.http.get(url))
        if ('because' in answer) return fails(answer.because)
        return when(isWell(deployment, url, answer.value.status), `${name} answers ${statusInWords(answer.value.status)}`)
      }),
    ),
  )

/** What can be seen of 443 from here: that customers are answered. */
export const customersAnswered = (facts: RefreshFacts, alias: string): Proof<Needs> => ({
  title: `Every public name answers, with ${alias} refreshed`,
  ...(facts.unwell && { onlyAfterwards: true }),
  holds: (look) => throughTheEdge(facts, look),
  shows: (prove) => prove.http.answers({ urls: facts.names.map((name) => wantedOf(facts.deployment, name)) }),
})

/** Whether the published list can be believed, and this node's UFW be worked on. */
export const mayRefresh = ({ published, nodes }: RefreshFacts, { alias, judged }: RefreshFacts['nodes'][number]): Finding =>
  every([
    believable(
      published,
      nodes.map((node) => node.judged),
    ),
    when(judged.ssh.port !== https || judged.stale.length === 0, `SSH comes in to ${alias} at ${https}: nobody is shut out of it here`),
    when(judged.active, `UFW on ${alias} is inactive: its rules let in and keep out nobody`),
    when(
      judged.against.length === 0,
      `${alias} has rules that keep a part of Cloudflare out at ${https}: ${judged.against.map(({ spec }) => spec).join('; ')}`,
    ),
  ])

const isAsPublished = ({ lacks, has }: ReturnType<typeof differenceOf>): boolean => lacks.length + has.length === 0

/** Where else the list lives, and needs no change. */
export const asPublished = ({ lists, published }: RefreshFacts): readonly string[] =>
  (got(lists) ?? []).flatMap((list) =>
    list.ranges && isAsPublished(differenceOf(list, allOf(published))) ? [`${list.where}: as published`] : [],
  )

/** What refreshing the nodes does not reach, and leaves as it is. */
export const stillWrong = ({ lists, published, nodes }: RefreshFacts): readonly string[] => [
  ...('because' in lists
    ? [`Traefik's trusted addresses and the middleware cloudflare-only hold the same list, and could not be read: ${lists.because}`]
    : lists.value.flatMap((list) => {
        if (!list.ranges) return [`${list.where}: not set`]
        const { lacks, has } = differenceOf(list, allOf(published))
        if (isAsPublished({ lacks, has })) return []
        const wrong = [
          ...(lacks.length > 0 ? [`${lacks.length} of Cloudflare's ranges ${lacks.length === 1 ? 'is' : 'are'} missing`] : []),
          ...(has.length > 0 ? [`${has.length} more than Cloudflare has`] : []),
        ]
        return [`${list.where}: ${wrong.join(', ')}: change it too`]
      })),
  ...(got(lists)?.some((list) => list.anybody || (list.ranges && !isAsPublished(differenceOf(list, allOf(published)))))
    ? ['The line for each of these places stands in honeydue firewall:status; the manifests of the checkout hold the lists too']
    : []),
  ...nodes.flatMap(({ alias, judged }) => [
    ...judged.byHand.map(({ spec }) => `${alias} keeps what was let in by hand: ${spec}`),
    ...judged.open.map(({ spec }) => `${alias} stays open to anybody: ${spec}`),
  ]),
]
