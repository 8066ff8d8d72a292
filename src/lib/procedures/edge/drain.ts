import { argument, duration } from '../../plan/choice.ts'
import { fails, holds, when } from '../../plan/finding.ts'
import { type Change, defineProcedure } from '../../plan/procedure.ts'
import {
  addressesUnseen,
  gatherRoundRobin,
  leadsTo,
  namesAnswer,
  onlyByTrying,
  openConnections,
  othersRemain,
  type RoundRobinFacts,
  recordOf,
} from './round-robin-facts.ts'

/** Takes a node out of the round robin of every name, and waits until its last connection has gone. */
export const drain = defineProcedure({
  id: 'edge:drain',
  title: 'Take a node out of the round robin of every name',
  needs: ['cloudflare', 'nodes', 'http'],
  choices: {
    node: argument({ about: 'alias of the node, as nodes:status shows it', ask: 'Which node?' }),
    within: duration({ about: 'how long to wait for the last connection', default: '5m' }),
  },
  risk: () => 'disruptive',
  gather: (input, look, context) => gatherRoundRobin(input.node, input.within, look, context),
  subject: ({ node }) => node.alias,
  target: ({ node, zone, account }) => [
    `${node.alias} (${node.hostname}) at ${node.address}`,
    `zone ${zone}${account && ` of the account ${account}`}`,
  ],
  beyond: (facts) => [
    ...addressesUnseen(facts),
    ...('because' in facts.connections ? [`Open connections cannot be counted: ${facts.connections.because}`] : []),
  ],
  steps: (facts) => [...facts.names.map((name) => takeOff(facts, name)), ...lastConnection(facts), namesAnswer(facts)],
})

type Needs = 'cloudflare' | 'nodes' | 'http'

const takeOff = (facts: RoundRobinFacts, name: string): Change<Needs> => {
  const { node } = facts
  const record = recordOf(facts, name)
  const before = leadsTo(facts, name)
  const identity = { name, type: 'A', address: node.address } as const
  return {
    title: `Take ${name} off ${node.alias}`,
    effect: [
      {
        what: name,
        before: before.join(', '),
        after: before.filter((one) => one.split(' ')[0] !== node.alias).join(', ') || 'nobody',
      },
    ],
    unknown: onlyByTrying,
    check: async () => othersRemain(facts, name),
    apply: (write) => write.cloudflare.removeAddress(identity),
    verify: async (look) => {
      const left = (await look.cloudflare.addresses([name])).some(({ address }) => address === node.address)
      return left ? fails(`${name} still leads to ${node.alias}`) : holds
    },
    undo: (write) => write.cloudflare.addAddress({ ...identity, ...(record?.comment !== undefined && { comment: record.comment }) }),
  }
}

const lastConnection = (facts: RoundRobinFacts): readonly Change<Needs>[] => {
  const { node, within } = facts
  const open = openConnections(facts)
  if (open === undefined) return []
  return [
    {
      title: `Wait for the last connection to ${node.alias}`,
      unknown: "how long Cloudflare's edge keeps its connections is its own business",
      apply: async () => {},
      verify: async (look) => {
        const [records, left] = await Promise.all([look.cloudflare.addresses(facts.names), look.nodes.connections(node.alias, 443)])
        if (records.some(({ address }) => address === node.address)) return fails(`${node.alias} is still in the round robin`)
        return when(left === 0, `${left} ${left === 1 ? 'connection is' : 'connections are'} still open at 443 of ${node.alias}`)
      },
      within,
      undo: async () => {},
    },
  ]
}
