import type { Environment } from '../../environment/schema.ts'
import type { AddressRecord, NameAlias } from '../../systems/cloudflare/types.ts'
import { spansOf } from '../firewall/spans.ts'

type Deployment = Pick<Environment, 'nodes' | 'cloudflare'>
type Node = Deployment['nodes'][number]

/** What of the zone leads to the nodes, and what of it is the round robin. */
export interface RoundRobin {
  /** Names that are led to every node: the environment's, and others that the proxy spreads over several nodes; a wildcard among them is led and not asked. */
  readonly names: readonly string[]
  /** Names of the environment that follow another name (CNAME): they are asked, and left alone. */
  readonly followers: readonly NameAlias[]
  /** Records that lead to a node and are no part of it: outside the proxy, or of one node alone. They are left alone. */
  readonly apart: readonly AddressRecord[]
}

/** Whether a record leads to this node, by either of its addresses. */
export const leadsToNode = ({ address, ipv6 }: Node, record: Pick<AddressRecord, 'address'>): boolean =>
  record.address === address || (ipv6 !== undefined && sameAddress(ipv6, record.address))

const sameAddress = (one: string, other: string): boolean => {
  const [a] = spansOf(one)
  const [b] = spansOf(other)
  return a !== undefined && a.family === b?.family && a.first === b.first
}

export const nodeOf = ({ nodes }: Pick<Deployment, 'nodes'>, record: Pick<AddressRecord, 'address'>): Node | undefined =>
  nodes.find((node) => leadsToNode(node, record))

/** Sorts the records of a zone. Names once known are in the environment: one without any record is still led. */
export const roundRobinOf = (deployment: Deployment, records: readonly AddressRecord[], aliases: readonly NameAlias[] = []): RoundRobin => {
  const ours = deployment.cloudflare.names
  const followers = aliases.filter(({ name }) => ours.includes(name))
  const leading = records.filter((record) => nodeOf(deployment, record) !== undefined && !ours.includes(record.name))
  const others = [...new Set(leading.map(({ name }) => name))].filter((name) => {
    const proxied = leading.filter((record) => record.name === name && record.proxied)
    return new Set(proxied.map((record) => nodeOf(deployment, record)?.alias)).size > 1
  })
  return {
    names: [...ours.filter((name) => !followers.some((one) => one.name === name)), ...others],
    followers,
    apart: leading.filter(({ name }) => !others.includes(name)),
  }
}

export const isWildcard = (name: string): boolean => name.startsWith('*')

/** What can be asked over HTTPS: the names without the wildcards, in the environment's order. */
export const askedNames = ({ cloudflare }: Deployment, { names }: Pick<RoundRobin, 'names'>): readonly string[] => [
  ...new Set([...cloudflare.names, ...names.filter((name) => !isWildcard(name))]),
]
