import { apiNodes } from '../../facts/nodes/api-nodes.ts'
import { nodeOfCluster } from '../../facts/nodes/drain-forecast.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import { offerNodes } from '../../facts/nodes/offered.ts'
import { argument } from '../../plan/choice.ts'
import { when } from '../../plan/finding.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import { isCordoned } from './empty-node.ts'
import { runAgain, waitingFor } from './run-again.ts'

/** Lets a node take pods again. It leads no customers to it: that is edge:restore. */
export const uncordon = defineProcedure({
  id: 'nodes:uncordon',
  title: 'Let a node take pods again',
  needs: ['kube'],
  choices: { node: argument({ about: 'alias of the node, as nodes:status shows it', ask: 'Which node?' }) },
  offers: { node: offerNodes },
  risk: () => 'disruptive',
  gather: async (input, look, { environment }) => {
    const expected = nodeNamed(environment, input.node)
    const [nodes, pods] = await Promise.all([look.kube.nodes(), look.kube.pods()])
    const node = nodeOfCluster(nodes, expected)
    return { expected, node, ready: apiNodes([node], [])[0]?.ready === true, waiting: waitingFor(pods) }
  },
  subject: ({ expected }) => expected.alias,
  target: ({ expected }) => [`${expected.alias} (${expected.hostname}) at ${expected.address}`],
  beyond: ({ expected }) => [
    'Pods that have moved stay where they are; a rollout or another drain spreads them again',
    `Customers are led to it again by ${sh`honeydue edge:restore ${expected.alias}`}`,
  ],
  steps: ({ expected: { alias }, node: { metadata }, ready, waiting }) => [
    {
      title: `Let ${alias} take pods`,
      effect: [{ what: `node ${alias}`, before: 'cordoned: takes none', after: 'takes pods' }],
      check: async () => when(ready, `${alias} is NotReady: no pod would be placed there`, 'honeydue nodes:status'),
      apply: (write) => write.kube.setUnschedulable({ node: metadata.name, unschedulable: false }),
      verify: async (look) => when(!isCordoned(await look.kube.get('Node', metadata.name)), `${alias} is cordoned`),
      shows: (prove) => prove.kube.unschedulable({ node: metadata.name, unschedulable: false }),
      undo: (write) => write.kube.setUnschedulable({ node: metadata.name, unschedulable: true }),
    },
    ...runAgain(waiting),
  ],
})
