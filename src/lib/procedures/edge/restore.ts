import { argument } from '../../plan/choice.ts'
import { fails, holds } from '../../plan/finding.ts'
import { type Change, defineProcedure } from '../../plan/procedure.ts'
import { nodeIsWell } from './node-proofs.ts'
import {
  addressesUnseen,
  gatherRoundRobin,
  leadsTo,
  namesAnswer,
  onlyByTrying,
  type RoundRobinFacts,
  recordOf,
} from './round-robin-facts.ts'

/** Puts a node back into the round robin of every name, if it is well. */
export const restore = defineProcedure({
  id: 'edge:restore',
  title: 'Put a node back into the round robin of every name',
  needs: ['cloudflare', 'nodes', 'http'],
  choices: { node: argument({ about: 'alias of the node, as nodes:status shows it', ask: 'Which node?' }) },
  risk: () => 'disruptive',
  gather: (input, look, context) => gatherRoundRobin(input.node, 0, look, context),
  subject: ({ node }) => node.alias,
  target: ({ node, zone, account }) => [
    `${node.alias} (${node.hostname}) at ${node.address}`,
    `zone ${zone}${account && ` of the account ${account}`}`,
  ],
  beyond: (facts) => [
    "What Cloudflare itself makes of this node's certificate: where it accepts none, it asks another node, and no customer sees it",
    ...addressesUnseen(facts),
  ],
  steps: (facts) => [...facts.names.map((name) => lead(facts, name)), ...nodeIsWell(facts), namesAnswer(facts)],
})

type Needs = 'cloudflare' | 'nodes' | 'http'

const lead = (facts: RoundRobinFacts, name: string): Change<Needs> => {
  const { node } = facts
  const record = recordOf(facts, name)
  const before = leadsTo(facts, name)
  const identity = { name, type: 'A', address: node.address } as const
  const others = before.filter((one) => one.split(' ')[0] !== node.alias)
  return {
    title: `Lead ${name} to ${node.alias} too`,
    effect: [{ what: name, before: before.join(', ') || 'nobody', after: [...others, node.alias].sort().join(', ') }],
    unknown: onlyByTrying,
    apply: (write) => (record ? write.cloudflare.proxyAddress(identity) : write.cloudflare.addAddress(identity)),
    verify: async (look) => {
      const found = (await look.cloudflare.addresses([name])).find(({ address }) => address === node.address)
      if (!found) return fails(`${name} does not lead to ${node.alias}`)
      return found.proxied ? holds : fails(`the record of ${name} for ${node.alias} is not proxied`)
    },
    undo: record
      ? { impossible: `${node.address} is not put outside the proxy again: that would show the node to everybody` }
      : (write) => write.cloudflare.removeAddress(identity),
  }
}
