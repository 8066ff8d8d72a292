import { uncordon } from '../../src/lib/procedures/nodes/uncordon.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { laws } from './laws.ts'
import { clusterOf, useNodes } from './nodes-subject.ts'

const { sandbox, subject: cluster, cordon, away, emptied } = useNodes()
const [first, second] = nodes

// A pod that has come stays where it is: what is taken back is that the node takes others.
const subject = { ...cluster, observe: async () => (await clusterOf(sandbox())).cordoned }

laws(uncordon, subject, [
  { name: 'a node that was drained, and Redis waits for it', input: { node: first.alias }, arrange: () => emptied(0), meets: 'work' },
  { name: 'cordoned alone', input: { node: second.alias }, arrange: () => void cordon(1), meets: 'work' },
  { name: 'it takes pods', input: { node: second.alias }, arrange: () => {}, meets: 'nothing to do' },
  {
    name: 'it is away',
    input: { node: second.alias },
    arrange: async () => {
      cordon(1)
      await away(1)
    },
    refused: /hetzner2 is NotReady: no pod would be placed there/,
  },
])
