import type { Clock } from '../../clock.ts'
import { Usage } from '../../errors.ts'
import { isWell, publicNames, statusInWords, urlOf } from '../../facts/edge/public-names.ts'
import { ailments, type EdgeSurvey, got, type Told, told } from '../../facts/edge/survey.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Proof } from '../../plan/procedure.ts'
import type { AddressRecord } from '../../systems/cloudflare/types.ts'
import type { Readers } from '../../systems/systems.ts'

type Deployment = Context['environment']
export type RoundRobinNode = Deployment['nodes'][number]

/** The round robin as it was when the plan was made. */
export interface RoundRobinFacts {
  readonly deployment: Deployment
  readonly node: RoundRobinNode
  readonly zone: string
  readonly account: string
  readonly names: readonly string[]
  /** Of those names, every A and AAAA record. */
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

/** A node of the environment by its alias. Throws Usage that names them. */
export const nodeNamed = ({ nodes }: Deployment, alias: string): RoundRobinNode => {
  const node = nodes.find((one) => one.alias === alias)
  if (node) return node
  throw new Usage({
    code: 'no-such-node',
    failed: `There is no node "${alias}"`,
    cause: `The environment has ${nodes.map((one) => one.alias).join(', ')}`,
    next: 'honeydue nodes:status',
  })
}

/** Reads records, every node's own answer, and what customers get. */
export const gatherRoundRobin = async (
  alias: string,
  within: number,
  look: Readers<'cloudflare' | 'nodes' | 'http'>,
  { environment: deployment, clock }: Pick<Context, 'environment' | 'clock'>,
): Promise<RoundRobinFacts> => {
  const node = nodeNamed(deployment, alias)
  const [zone, all] = await Promise.all([look.cloudflare.zone(), look.cloudflare.addresses()])
  const names = publicNames(deployment, all)
  const urls = names.map((name) => urlOf(deployment, name))
  const [origins, connections, unwell] = await Promise.all([
    Promise.all(deployment.nodes.map(async (one) => [one.alias, await told(look.nodes.origin(one.alias, urls))] as const)),
    told(look.nodes.connections(alias, 443)),
    unwellNames(names, look.http, deployment),
  ])
  const records = all.filter(({ name }) => names.includes(name))
  const { name, account } = zone
  return { deployment, node, zone: name, account, names, records, origins: new Map(origins), unwell, connections, within, clock }
}

const unwellNames = async (names: readonly string[], http: Readers<'http'>['http'], deployment: Deployment): Promise<readonly string[]> => {
  const findings = await Promise.all(names.map(async (name) => ({ name, finding: await nameAnswers(name, http, deployment) })))
  return findings.filter(({ finding }) => !finding.ok).map(({ name }) => name)
}

const nameAnswers = async (name: string, http: Readers<'http'>['http'], deployment: Deployment): Promise<Finding> => {
  const url = urlOf(deployment, name)
  const answer = await told(http.get(url))
  if ('because' in answer) return fails(`${name} does not answer: ${answer.because}`)
  return when(isWell(deployment, url, answer.value.status), `${name} answers ${statusInWords(answer.value.status)}`)
}

/** Every name answers through the edge, before and after; those that do not now are to afterwards. */
export const namesAnswer = ({ deployment, names, unwell }: RoundRobinFacts): Proof<'cloudflare' | 'nodes' | 'http'> => ({
  title: 'Every public name answers through the edge',
  ...(unwell.length > 0 && { onlyAfterwards: true }),
  holds: async (look) => every(await Promise.all(names.map((name) => nameAnswers(name, look.http, deployment)))),
})

/** The record that leads from a name to the node. */
export const recordOf = ({ records, node }: RoundRobinFacts, name: string): AddressRecord | undefined =>
  records.find((record) => record.name === name && record.type === 'A' && record.address === node.address)

/** Nodes that a name leads to, by alias; an address of no node as it is. */
export const leadsTo = ({ records, deployment }: RoundRobinFacts, name: string): readonly string[] =>
  records
    .filter((record) => record.name === name)
    .map(({ address, proxied }) => {
      const alias = deployment.nodes.find((node) => node.address === address)?.alias ?? address
      return proxied ? alias : `${alias} (not proxied)`
    })
    .sort()

/** Another node of the name is left, and well. */
export const othersRemain = (facts: RoundRobinFacts, name: string): Finding => {
  const { deployment, node, records } = facts
  const others = deployment.nodes.filter(
    ({ alias, address }) =>
      alias !== node.alias && records.some((record) => record.name === name && record.address === address && record.proxied),
  )
  if (others.length === 0) return fails(`${node.alias} is the last node of ${name}`)
  const ills = others.map(({ alias }) => ({ alias, why: ailments(facts, alias) }))
  if (ills.some(({ why }) => why.length === 0)) return holds
  return fails(`no other node of ${name} is well: ${ills.map(({ alias, why }) => `${alias} (${why.join(', ')})`).join('; ')}`)
}

/** AAAA records lead to nodes too, and the environment does not say to which. */
export const addressesUnseen = ({ records }: RoundRobinFacts): readonly string[] => {
  const found = records.filter(({ type }) => type === 'AAAA').map(({ name, address }) => `${name} ${address}`)
  return found.length === 0 ? [] : [`Which node these AAAA records lead to is not known: ${found.join(', ')}`]
}

export const openConnections = ({ connections }: RoundRobinFacts): number | undefined => got(connections)

export const onlyByTrying = 'whether the token may edit DNS is known only by trying'
