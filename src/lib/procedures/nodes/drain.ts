import { losses } from '../../facts/nodes/drain-forecast.ts'
import { offerNodes } from '../../facts/nodes/offered.ts'
import { argument, duration } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import { aloneWithout, besideDrain } from '../edge/drain.ts'
import { type DrainFacts, gatherDrain } from './drain-facts.ts'
import { emptyNode } from './empty-node.ts'

/** Takes a node out of the round robin, cordons it, and moves everything but daemons to other nodes; refuses what could never come to an end. */
export const drain = defineProcedure({
  id: 'nodes:drain',
  title: 'Move everything off a node, but its daemons',
  needs: ['kube', 'cloudflare', 'nodes', 'http'],
  choices: {
    node: argument({ about: 'alias of the node, as nodes:status shows it', ask: 'Which node?' }),
    within: duration({ about: 'how long all evictions together may take', default: '10m' }),
  },
  offers: { node: offerNodes },
  risk: () => 'disruptive',
  gather: ({ node, within }, look, context) => gatherDrain(node, within, look, context),
  outlier: (facts) => takesAway(facts) ?? aloneWithout(facts.edge),
  subject: ({ edge }) => edge.node.alias,
  target: ({ edge: { node, zone, account } }) => [
    `${node.alias} (${node.hostname}) at ${node.address}`,
    `zone ${zone}${account && ` of the account ${account}`}`,
  ],
  beyond: (facts) => [
    ...losses(facts.forecast, facts.world, facts.gently),
    `Daemons stay on ${facts.edge.node.alias}, ${facts.forecast.daemons} of them`,
    ...besideDrain(facts.edge),
    `Back again: ${sh`honeydue nodes:uncordon ${facts.edge.node.alias}`}, then ${sh`honeydue edge:restore ${facts.edge.node.alias}`}`,
  ],
  steps: emptyNode,
})

/** What nothing replaces while the node is empty. */
export const takesAway = ({
  forecast: { stays },
  takesRedis,
  edge: { node },
}: Pick<DrainFacts, 'forecast' | 'takesRedis' | 'edge'>): string | undefined => {
  if (stays.length === 0) return undefined
  if (takesRedis) return `Redis can run on ${node.alias} alone: cache and job queue are away until it takes pods again`
  return `${stays.map(({ owner }) => owner).join(', ')} can run on ${node.alias} alone, and is away until it takes pods again`
}
