import { drain } from '../../src/lib/procedures/nodes/drain.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { laws } from './laws.ts'
import { useNodes } from './nodes-subject.ts'

const { subject, drop, cordon, budget, secondBudget, away, emptied, bare } = useNodes()
const [first, second] = nodes
const input = { node: second.alias, within: 20_000 }

laws(drain, subject, [
  { name: 'healthy', input, arrange: () => {}, meets: 'work' },
  { name: 'it was cordoned before', input, arrange: () => void cordon(1), meets: 'work' },
  { name: 'it is out of the round robin', input, arrange: () => drop(second.address), meets: 'work' },
  { name: 'the node of Redis', input: { ...input, node: first.alias }, arrange: () => {}, meets: 'work' },
  {
    name: 'drained already',
    input,
    arrange: async () => {
      drop(second.address)
      await emptied(1)
    },
    meets: 'nothing to do',
  },
  {
    name: 'a budget that is never met',
    input,
    arrange: () => void budget('web', 3),
    refused: /the budget web asks for 3 of 3 pods: it lets none go/,
  },
  { name: 'two budgets over one pod', input, arrange: () => secondBudget('web'), refused: /is covered by 2 budgets \(web, web-too\)/ },
  { name: 'a pod that nobody would start again', input, arrange: () => bare(1), refused: /debug has no owner/ },
  { name: 'another node is away', input, arrange: () => away(2), refused: /hetzner3 is NotReady: .*etcd would lose its quorum/ },
  { name: 'the node itself is away', input, arrange: () => away(1), refused: /hetzner2 is NotReady: what is evicted there stays/ },
])
