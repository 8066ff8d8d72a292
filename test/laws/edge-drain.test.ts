import { drain } from '../../src/lib/procedures/edge/drain.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { api, useEdge } from './edge-subject.ts'
import { laws } from './laws.ts'

const { sandbox, subject, drop } = useEdge()
const [first, second, third] = nodes
const input = { node: second.alias, within: 10_000 }

laws(drain, subject, [
  { name: 'the node is in every name', input, arrange: () => {}, meets: 'work' },
  { name: 'half drained', input, arrange: () => drop(second.address, api), meets: 'work' },
  { name: 'drained already', input, arrange: () => drop(second.address), meets: 'nothing to do' },
  { name: 'the node is down', input, arrange: () => sandbox().nodes.setUp(second.alias, false), meets: 'work' },
  {
    name: 'it is the last node of a name',
    input,
    arrange: () => {
      drop(first.address, api)
      drop(third.address, api)
    },
    meets: 'refusal',
  },
  {
    name: 'no other node is well',
    input,
    arrange: () => {
      for (const { alias } of [first, third]) sandbox().edge.traefik(alias).fail('no-handshake')
    },
    meets: 'refusal',
  },
])
