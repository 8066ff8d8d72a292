import type { Clock } from '../../clock.ts'
import { answersWell, illEverywhere, illness, wasAsked } from '../../facts/edge/ailments.ts'
import { isWell, statusInWords, urlOf } from '../../facts/edge/public-names.ts'
import { askedNames, leadsToNode, nodeOf, type RoundRobin, roundRobinOf } from '../../facts/edge/round-robin.ts'
import { type EdgeSurvey, got, type Told, told } from '../../facts/edge/survey.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Proof } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import type { AddressRecord } from '../../systems/cloudflare/types.ts'
import type { Wanted } from '../../systems/http/types.ts'
import type { Provers, Readers, Shown } from '../../systems/systems.ts'

type Deployment = Context['environment']
export type RoundRobinNode = Deployment['nodes'][number]

/** The round robin as it was when the plan was made. */
export interface RoundRobinFacts {
  readonly deployment: Deployment
  readonly node: RoundRobinNode
  readonly zone: string
  readonly account: string
  readonly robin: RoundRobin
  /** Names that are led, wildcards too. */
  readonly names: readonly string[]
  /** Names that are asked over HTTPS. */
  readonly asked: readonly string[]
  /** Every A and AAAA record of the zone. */
  readonly records: readonly AddressRecord[]
  readonly origins: EdgeSurvey['origins']
  /** Names that customers cannot use now. */
  readonly unwell: readonly string[]
  /** Open connections at 443 of the node. */
  readonly connections: Told<number>
  /** Milliseconds to wait for the last of them. */
  readonly within: number
  readonly clock: Clock
}

/** Reads records, every node's own answer, and what customers get. */
export const gatherRoundRobin = async (
  alias: string,
  within: number,
  look: Readers<'cloudflare' | 'nodes' | 'http'>,
  { environment: deployment, clock }: Pick<Context, 'environment' | 'clock'>,
): Promise<RoundRobinFacts> => {
  const node = nodeNamed(deployment, alias)
  const [zone, records, aliases] = await Promise.all([look.cloudflare.zone(), look.cloudflare.addresses(), look.cloudflare.aliases()])
  const robin = roundRobinOf(deployment, records, aliases)
  const asked = askedNames(deployment, robin)
  const urls = asked.map((name) => urlOf(deployment, name))
  const [origins, connections, unwell] = await Promise.all([
    Promise.all(deployment.nodes.map(async (one) => [one.alias, await told(look.nodes.origin(one.alias, urls))] as const)),
    told(look.nodes.connections(node.alias, 443)),
    unwellNames(asked, look.http, deployment),
  ])
  const { name, account } = zone
  const { names } = robin
  return {
    deployment,
    node,
    zone: name,
    account,
    robin,
    names,
    asked,
    records,
    origins: new Map(origins),
    unwell,
    connections,
    within,
    clock,
  }
}

const unwellNames = async (names: readonly string[], http: Readers<'http'>['http'], deployment: Deployment): Promise<readonly string[]> => {
  const findings = await Promise.all(names.map(async (name) => ({ name, finding: await nameAnswers(name, http, deployment) })))
  return findings.filter(({ finding }) => !finding.ok).map(({ name }) => name)
}

/** What a customer gets for a name. */
const nameAnswers = async (name: string, http: Readers<'http'>['http'], deployment: Deployment): Promise<Finding> => {
  const url = urlOf(deployment, name)
  const answer = await told(http.get(url))
  if ('because' in answer) return fails(answer.because)
  return when(isWell(deployment, url, answer.value.status), `${name} answers ${statusInWords(answer.value.status)}`)
}

/**
 * The same once this node is off. Where it did not answer the name itself, nothing is lost by that; and where none of the nodes that are left answers it by
 * itself either, what is behind the name is at fault: a pod that was on the dead node, until Kubernetes places it anew.
 */
export const nameAnswersWithout = async (facts: RoundRobinFacts, name: string, look: Readers<'nodes' | 'http'>): Promise<Finding> => {
  const { deployment, node } = facts
  const found = await nameAnswers(name, look.http, deployment)
  if (found.ok || answersWell(facts, node.alias, name)) return found
  const left = othersOf(facts, name).map(({ alias }) => alias)
  const url = urlOf(deployment, name)
  const origins = new Map(await Promise.all(left.map(async (alias) => [alias, await told(look.nodes.origin(alias, [url]))] as const)))
  const now = { deployment, origins }
  return left.some((alias) => wasAsked(now, alias)) && !left.some((alias) => answersWell(now, alias, name)) ? holds : found
}

/** Nodes that are left to a name without this one. */
const othersOf = ({ deployment, node, records }: RoundRobinFacts, name: string): readonly RoundRobinNode[] =>
  deployment.nodes.filter(
    (one) => one.alias !== node.alias && records.some((record) => record.name === name && leadsToNode(one, record) && record.proxied),
  )

/** Names that must answer customers once this node is off: those that do now, and those that a node which is left to them answers well. */
export const answerWithout = (facts: RoundRobinFacts): readonly string[] =>
  facts.asked.filter((name) => !facts.unwell.includes(name) || othersOf(facts, name).some(({ alias }) => answersWell(facts, alias, name)))

/** Names that must answer customers once this node is in: those that do now, and those that it answers well itself. */
export const answerWith = (facts: RoundRobinFacts): readonly string[] =>
  facts.asked.filter((name) => !facts.unwell.includes(name) || (facts.names.includes(name) && answersWell(facts, facts.node.alias, name)))

/** Every name that can answer does so through the edge, before and after; those that do not now are to afterwards. */
export const namesAnswer = (
  facts: RoundRobinFacts,
  names: readonly string[],
  answers: typeof nameAnswersWithout = (_, name, look) => nameAnswers(name, look.http, facts.deployment),
): Proof<'cloudflare' | 'nodes' | 'http'> => ({
  title: 'Every public name answers through the edge',
  ...(names.some((name) => facts.unwell.includes(name)) && { onlyAfterwards: true }),
  holds: async (look) => {
    const found = every(await Promise.all(names.map((name) => answers(facts, name, look))))
    return found.ok ? found : { ...found, next: repair(facts) }
  },
  shows: (prove) => namesShown(facts, names, prove),
})

/** The same by hand. */
export const namesShown = ({ deployment }: RoundRobinFacts, names: readonly string[], { http }: Provers<'http'>): Shown =>
  http.answers({ urls: names.map((name) => wantedOf(deployment, name)) })

/** How a name is to answer, by hand. */
export const wantedOf = (deployment: Deployment, name: string): Wanted => {
  const url = urlOf(deployment, name)
  return { url, like: url === deployment.health ? 'success' : 'usable' }
}

/** What brings every name back to the node, where taking it off has hurt. */
export const repair = ({ node }: Pick<RoundRobinFacts, 'node'>): string => sh`honeydue edge:restore ${node.alias}`

/** The records that lead from a name to the node. */
export const recordsOf = ({ records, node }: RoundRobinFacts, name: string): readonly AddressRecord[] =>
  records.filter((record) => record.name === name && leadsToNode(node, record))

const notProxied = ' (not proxied)'

/** Nodes that a name leads to, by alias; an address of no node as it is. */
export const leadsTo = ({ records, deployment }: RoundRobinFacts, name: string): readonly string[] => [
  ...new Set(
    records
      .filter((record) => record.name === name)
      .map((record) => {
        const alias = nodeOf(deployment, record)?.alias ?? record.address
        return record.proxied ? alias : `${alias}${notProxied}`
      })
      .sort(),
  ),
]

/** Another node of the name is left that answers it well, or at least no worse than this one. */
export const othersRemain = (facts: RoundRobinFacts, name: string): Finding => {
  const { node, asked } = facts
  const others = othersOf(facts, name)
  if (others.length === 0) {
    const [other] = facts.deployment.nodes.filter((one) => one.alias !== node.alias && answersWell(facts, one.alias, name))
    const open = leadsTo(facts, name).filter((one) => one.endsWith(notProxied) && one !== `${node.alias}${notProxied}`)
    const why = open.length > 0 ? `without ${node.alias}, ${name} leads to ${open.join(', ')}` : `${node.alias} is the last node of ${name}`
    return fails(why, other && repair({ node: other }))
  }
  if (!asked.includes(name) || others.some(({ alias }) => answersWell(facts, alias, name))) return holds
  // None answers it well: then nothing is lost where this one does not either, and another is at least there.
  if (others.some(({ alias }) => wasAsked(facts, alias)) && !answersWell(facts, node.alias, name)) return holds
  const why = others.map(({ alias }) => {
    const answer = facts.origins.get(alias)
    return `${alias} (${illness(facts, alias, name) ?? (answer && 'because' in answer ? answer.because : 'it was not asked')})`
  })
  return fails(`no other node of ${name} is well: ${why.join('; ')}`)
}

/** What leads to the node and is left alone, and what no node answers well: said before a plan is confirmed. */
export const leftAlone = (facts: RoundRobinFacts): readonly string[] => {
  const { robin, node, records, names, deployment, asked } = facts
  const strange = records.filter((record) => names.includes(record.name) && record.type === 'AAAA' && !nodeOf(deployment, record))
  return [
    ...robin.followers.map(({ name, target }) => `${name} follows ${target}, and has no record of its own`),
    ...robin.apart
      .filter((record) => leadsToNode(node, record))
      .map(({ name, type, proxied }) => `${type} ${name} stays as it is: ${proxied ? 'it leads to this node alone' : 'it is not proxied'}`),
    ...(strange.length === 0
      ? []
      : [`Which node these AAAA records lead to is not known: ${strange.map(({ name, address }) => `${name} ${address}`).join(', ')}`]),
    ...[...illEverywhere(facts, asked, node.alias)].map(([name, why]) => `Every other node says the same of ${name}: ${why}`),
  ]
}

export const openConnections = ({ connections }: RoundRobinFacts): number | undefined => got(connections)

export const onlyByTrying = 'whether the token may edit DNS is known only by trying'
