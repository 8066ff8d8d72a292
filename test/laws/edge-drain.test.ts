import { drain } from '../../src/lib/procedures/edge/drain.ts'
import { namespace, nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { aRecord } from '../../src/lib/sandbox/edge/api/state.ts'
import { throughEdge } from '../support/through-edge.ts'
import { eventually } from '../support/worlds.ts'
import { api, useEdge } from './edge-subject.ts'
import { laws } from './laws.ts'

const { sandbox, subject, state, drop } = useEdge()
const [first, second, third] = nodes
const input = { node: second.alias, within: 10_000 }

laws(drain, subject, [
  { name: 'the node is in every name', input, arrange: () => {}, meets: 'work' },
  { name: 'half drained', input, arrange: () => drop(second.address, api), meets: 'work' },
  { name: 'drained already', input, arrange: () => drop(second.address), meets: 'nothing to do' },
  { name: 'the node is down', input, arrange: () => sandbox().nodes.setUp(second.alias, false), meets: 'work' },
  {
    name: 'the node is down, and the one pod of admin with it',
    input,
    arrange: async () => {
      await sandbox().nodes.setUp(second.alias, false)
      sandbox().kubernetes.client.update({ group: 'apps', resource: 'deployments' }, 'admin', namespace, (draft) => {
        draft.spec = { ...(draft.spec as object), replicas: 0 }
      })
      await eventually(async () => (await throughEdge(sandbox(), 'admin.myhoneydue.com')).status === 503)
    },
    meets: 'work',
  },
  {
    name: 'beside the round robin: a wildcard of all nodes, names outside the proxy, of one node, an alias, IPv6',
    input,
    arrange: () => {
      const now = '2026-01-01T00:00:00Z'
      state().records = [
        ...state().records,
        ...nodes.map(({ address }) => aRecord('*.myhoneydue.com', address, now)),
        ...nodes.map(({ address }) => aRecord('nodes.myhoneydue.com', address, now, false)),
        aRecord('mail.myhoneydue.com', second.address, now, false),
        { ...aRecord('grafana.myhoneydue.com', second.address, now), comment: 'of one node', tags: ['keep:yes'] },
        { ...aRecord('www.myhoneydue.com', 'myhoneydue.com', now), type: 'CNAME' },
        { ...aRecord(api, '2a01:4f8:1c18:5ecf::1', now), type: 'AAAA' },
      ]
    },
    meets: 'work',
  },
  {
    name: 'it is the last node of a name',
    input,
    arrange: () => {
      drop(first.address, api)
      drop(third.address, api)
    },
    refused: /hetzner2 is the last node of api\.myhoneydue\.com/,
  },
  {
    name: 'no other node is well',
    input,
    arrange: () => {
      for (const { alias } of [first, third]) sandbox().edge.traefik(alias).fail('no-handshake')
    },
    refused: /no other node of api\.myhoneydue\.com is well: hetzner1 .*hetzner3/,
  },
])
