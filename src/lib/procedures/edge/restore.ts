import { offerEdgeNodes } from '../../facts/nodes/offered.ts'
import { argument } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { joinRoundRobin } from './join-round-robin.ts'
import { nodeIsWell } from './node-proofs.ts'
import { answerWith, gatherRoundRobin, leftAlone, namesAnswer } from './round-robin-facts.ts'

/** Puts a node back into the round robin of every name, if it is well. */
export const restore = defineProcedure({
  id: 'edge:restore',
  title: 'Put a node back into the round robin of every name',
  needs: ['cloudflare', 'nodes', 'http'],
  choices: { node: argument({ about: 'alias of the node, as nodes:status shows it', ask: 'Which node?' }) },
  offers: { node: offerEdgeNodes },
  risk: () => 'disruptive',
  gather: (input, look, context) => gatherRoundRobin(input.node, 0, look, context),
  subject: ({ node }) => node.alias,
  target: ({ node, zone, account }) => [
    `${node.alias} (${node.hostname}) at ${node.address}`,
    `zone ${zone}${account && ` of the account ${account}`}`,
  ],
  beyond: (facts) => [
    "Whether Cloudflare accepts this node's certificate: if not, it asks another node, and no customer notices",
    ...leftAlone(facts),
  ],
  steps: (facts) => [...joinRoundRobin(facts), ...nodeIsWell(facts), namesAnswer(facts, answerWith(facts))],
})
