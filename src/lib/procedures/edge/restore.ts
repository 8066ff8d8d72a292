import { leadsToNode, nodeOf } from '../../facts/edge/round-robin.ts'
import { argument } from '../../plan/choice.ts'
import { fails, holds } from '../../plan/finding.ts'
import { type Change, defineProcedure } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import type { AddressRecord } from '../../systems/cloudflare/types.ts'
import { nodeIsWell } from './node-proofs.ts'
import {
  answerWith,
  gatherRoundRobin,
  leadsTo,
  leftAlone,
  namesAnswer,
  nodesOffered,
  onlyByTrying,
  type RoundRobinFacts,
  recordsOf,
} from './round-robin-facts.ts'

/** Puts a node back into the round robin of every name, if it is well. */
export const restore = defineProcedure({
  id: 'edge:restore',
  title: 'Put a node back into the round robin of every name',
  needs: ['cloudflare', 'nodes', 'http'],
  choices: { node: argument({ about: 'alias of the node, as nodes:status shows it', ask: 'Which node?' }) },
  offers: { node: async (_, { environment }) => nodesOffered(environment) },
  risk: () => 'disruptive',
  gather: (input, look, context) => gatherRoundRobin(input.node, 0, look, context),
  subject: ({ node }) => node.alias,
  target: ({ node, zone, account }) => [
    `${node.alias} (${node.hostname}) at ${node.address}`,
    `zone ${zone}${account && ` of the account ${account}`}`,
  ],
  beyond: (facts) => [
    "What Cloudflare itself makes of this node's certificate: where it accepts none, it asks another node, and no customer sees it",
    ...leftAlone(facts),
  ],
  steps: (facts) => [...facts.names.map((name) => lead(facts, name)), ...nodeIsWell(facts), namesAnswer(facts, answerWith(facts))],
})

type Needs = 'cloudflare' | 'nodes' | 'http'

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
