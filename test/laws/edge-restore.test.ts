import { restore } from '../../src/lib/procedures/edge/restore.ts'
import { createAuthority } from '../../src/lib/sandbox/certificates.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { aRecord } from '../../src/lib/sandbox/edge/api/state.ts'
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
    name: 'a name has lost every address, and another follows it',
    input,
    arrange: () => {
      const now = '2026-01-01T00:00:00Z'
      state().records = [
        { ...aRecord('admin.myhoneydue.com', api, now), type: 'CNAME' },
        aRecord('mail.myhoneydue.com', nodes[0].address, now, false),
        aRecord('grafana.myhoneydue.com', nodes[0].address, now),
      ]
    },
    meets: 'work',
  },
  {
    name: 'the others have IPv6 and a comment too',
    input,
    arrange: () => {
      drop(second.address)
      const now = '2026-01-01T00:00:00Z'
      const six = ['2a01:4f8:1c18:79c7::1', '2a01:4f8:1c18:241a::1'].map((address) => ({ ...aRecord(api, address, now), type: 'AAAA' }))
      state().records = [...state().records, ...six].map((record) => ({ ...record, comment: 'round robin' }))
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
    refused: /hetzner2 is not well: api\.myhoneydue\.com: the TLS handshake failed/,
  },
  {
    name: "the node serves a certificate that is not the Origin CA's",
    input,
    arrange: () => {
      drop(second.address)
      sandbox()
        .edge.traefik(second.alias)
        .fail({ serves: createAuthority('Traefik').issue({ commonName: 'TRAEFIK DEFAULT CERT', names: [api] }) })
    },
    refused: /TRAEFIK DEFAULT CERT.*the Origin CA has not signed/,
  },
  {
    name: 'its firewall does not let in one of the ranges',
    input,
    arrange: () => {
      drop(second.address)
      const { state: files } = sandbox().nodes.node(second.alias)
      files.write(
        'ufw/rules4',
        files
          .read('ufw/rules4')
          .split('\n')
          .filter((line) => !line.includes('173.245.48.0/20'))
          .join('\n'),
      )
    },
    refused: /hetzner2: its firewall keeps out 1 range of Cloudflare/,
  },
  {
    name: 'the node does not answer over SSH',
    input,
    arrange: async () => {
      drop(second.address)
      await sandbox().nodes.setUp(second.alias, false)
    },
    refused: /hetzner2 cannot be reached .*nothing listens there/,
  },
])
