import { offerEdgeNodes } from '../../facts/nodes/offered.ts'
import { argument, duration } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { leaveRoundRobin, namesOf } from './leave-round-robin.ts'
import {
  answerWithout,
  gatherRoundRobin,
  leadsTo,
  leftAlone,
  nameAnswersWithout,
  namesAnswer,
  type RoundRobinFacts,
  recordsOf,
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
  offers: { node: offerEdgeNodes },
  risk: () => 'disruptive',
  gather: (input, look, context) => gatherRoundRobin(input.node, input.within, look, context),
  outlier: (facts) => aloneWithout(facts),
  subject: ({ node }) => node.alias,
  target: ({ node, zone, account }) => [
    `${node.alias} (${node.hostname}) at ${node.address}`,
    `zone ${zone}${account && ` of the account ${account}`}`,
  ],
  beyond: (facts) => besideDrain(facts),
  steps: (facts) => [...leaveRoundRobin(facts), namesAnswer(facts, answerWithout(facts), nameAnswersWithout)],
})

/** A name that the environment does not have is led to several nodes, or it is not known to be led at all. */
const onOneNode = (facts: RoundRobinFacts, name: string): readonly string[] => {
  const left = leadsTo(facts, name).filter((one) => one !== facts.node.alias)
  if (left.length > 1 || facts.deployment.cloudflare.names.includes(name)) return []
  return [`${name} then leads to ${left.join()} alone, and edge:restore will not know it: name it in cloudflare.names of the environment`]
}

/** Names that lead to one node alone, once this one is out. */
export const aloneWithout = (facts: RoundRobinFacts): string | undefined => {
  const alone = namesOf(facts).flatMap((name) => {
    const left = leadsTo(facts, name).filter((one) => one.split(' ')[0] !== facts.node.alias)
    return recordsOf(facts, name).length > 0 && left.length === 1 ? [`${name} then leads to ${left[0]} alone`] : []
  })
  return alone.length === 0 ? undefined : alone.join('; ')
}

/** What is left alone, and what is not known. */
export const besideDrain = (facts: RoundRobinFacts): readonly string[] => [
  ...leftAlone(facts),
  ...namesOf(facts).flatMap((name) => onOneNode(facts, name)),
  ...('because' in facts.connections ? [`Open connections cannot be counted: ${facts.connections.because}`] : []),
]
