import { restore } from '../../src/lib/procedures/edge/restore.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { api, useEdge } from './edge-subject.ts'
import { laws } from './laws.ts'

const { sandbox, subject, drop, state } = useEdge()
const [, second] = nodes
const input = { node: second.alias }

laws(restore, subject, [
  { name: 'drained', input, arrange: () => drop(second.address), meets: 'work' },
  { name: 'half restored', input, arrange: () => drop(second.address, api), meets: 'work' },
  { name: 'in every name already', input, arrange: () => {}, meets: 'nothing to do' },
  {
    name: 'its records are there and not proxied',
    input,
    arrange: () => {
      state().records = state().records.map((record) => (record.content === second.address ? { ...record, proxied: false } : record))
    },
    meets: 'work',
  },
  {
    name: 'the node is not well',
    input,
    arrange: () => {
      drop(second.address)
      sandbox().edge.traefik(second.alias).fail('no-handshake')
    },
    meets: 'refusal',
  },
  {
    name: 'the node does not answer over SSH',
    input,
    arrange: async () => {
      drop(second.address)
      await sandbox().nodes.setUp(second.alias, false)
    },
    meets: 'refusal',
  },
])
