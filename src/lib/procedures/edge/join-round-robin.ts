import { leadsToNode, nodeOf } from '../../facts/edge/round-robin.ts'
import { fails, holds } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import type { AddressRecord } from '../../systems/cloudflare/types.ts'
import { leadsTo, onlyByTrying, type RoundRobinFacts, recordsOf } from './round-robin-facts.ts'

type Needs = 'cloudflare' | 'nodes' | 'http'

/** The steps that lead names to a node too: all of them, or those that are given. */
export const joinRoundRobin = (facts: RoundRobinFacts, names: readonly string[] = facts.names): readonly Change<Needs>[] =>
  names.map((name) => lead(facts, name))

/** By IPv4, and by IPv6 where the name leads to another node so. */
const addressesFor = ({ node, deployment, records }: RoundRobinFacts, name: string): readonly Pick<AddressRecord, 'type' | 'address'>[] => {
  const six = records.some((record) => record.name === name && record.type === 'AAAA' && nodeOf(deployment, record))
  return [{ type: 'A', address: node.address }, ...(six && node.ipv6 !== undefined ? [{ type: 'AAAA' as const, address: node.ipv6 }] : [])]
}

/** What all other records of the name say beside their address. */
const shared = ({ records }: RoundRobinFacts, name: string): Pick<AddressRecord, 'comment' | 'tags'> => {
  const [first, ...rest] = records.filter((record) => record.name === name)
  if (!first || rest.some(({ comment, tags }) => comment !== first.comment || tags?.join() !== first.tags?.join())) return {}
  return { ...(first.comment !== undefined && { comment: first.comment }), ...(first.tags !== undefined && { tags: first.tags }) }
}

const lead = (facts: RoundRobinFacts, name: string): Change<Needs> => {
  const { node } = facts
  const there = recordsOf(facts, name)
  const before = leadsTo(facts, name)
  const others = before.filter((one) => one.split(' ')[0] !== node.alias)
  const wanted = addressesFor(facts, name)
  const missing = wanted.filter(({ type }) => !there.some((record) => record.type === type))
  return {
    title: `Lead ${name} to ${node.alias} too`,
    effect: [{ what: name, before: before.join(', ') || 'nobody', after: [...others, node.alias].sort().join(', ') }],
    unknown: onlyByTrying,
    apply: async (write) => {
      for (const { type, address } of there) await write.cloudflare.proxyAddress({ name, type, address })
      for (const one of missing) await write.cloudflare.addAddress({ name, ...one, ...shared(facts, name) })
    },
    verify: async (look) => {
      const found = (await look.cloudflare.addresses([name])).filter((record) => leadsToNode(node, record))
      if (wanted.some(({ type }) => !found.some((record) => record.type === type))) return fails(`${name} does not lead to ${node.alias}`)
      return found.every(({ proxied }) => proxied) ? holds : fails(`the record of ${name} for ${node.alias} is not proxied`)
    },
    shows: (prove) => both(...wanted.map((one) => prove.cloudflare.leads({ name, ...one }))),
    undo: undoOf(facts, name, missing),
  }
}

const undoOf = ({ node, records }: RoundRobinFacts, name: string, added: ReturnType<typeof addressesFor>): Change<Needs>['undo'] => {
  const of = records.filter((record) => record.name === name)
  if (of.some((record) => leadsToNode(node, record) && !record.proxied))
    return { impossible: `${node.address} is not put outside the proxy again: that would show the node to everybody` }
  if (!of.some(({ proxied }) => proxied)) return { impossible: `without ${node.address} nobody would reach ${name} again` }
  return async (write) => {
    for (const one of added) await write.cloudflare.removeAddress({ name, ...one })
  }
}
