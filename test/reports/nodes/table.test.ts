import { expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderView } from '../../../src/lib/cli/render-view.ts'
import { readApiNodes } from '../../../src/lib/facts/nodes/api-nodes.ts'
import { nodeTables, tableNote } from '../../../src/lib/reports/nodes/table.ts'
import type { Node } from '../../../src/lib/systems/kube/types.ts'
import type { NodeFacts } from '../../../src/lib/systems/nodes/types.ts'

const expected = { alias: 'hetzner1', address: '178.104.247.152', hostname: 'ubuntu-8gb-nbg1-2' }
const facts: NodeFacts = {
  alias: 'hetzner1',
  hostname: 'ubuntu-8gb-nbg1-2',
  latencyMs: 1234,
  uptimeSeconds: 123 * 86_400 + 23 * 3600,
  load: [40.5, 20, 10],
  cpus: 4,
  memory: { totalBytes: 8e9, availableBytes: 1e7 },
  disk: { totalBytes: 8e10, availableBytes: 1e6 },
  k3sVersion: 'v1.34.6+k3s1',
  k3sService: 'activating',
  firewall: { active: false },
  rebootRequired: true,
  clock: { offsetMs: -2345, synchronized: false },
}

test('the tables fit 80 columns, also with the longest values of a bad day', async () => {
  const node = {
    name: expected.hostname,
    addresses: [],
    ready: false,
    conditions: ['DiskPressure'],
    cordoned: false,
    rebooting: false,
    kubeletVersion: '',
    pods: 110,
  }
  const tables = nodeTables({
    expected: [expected],
    facts: new Map([['hetzner1', { answered: true, value: facts }]]),
    api: { answered: true, value: [node] },
  })
  const text = renderView({ findings: [], tables, notes: [tableNote], data: undefined }, paint(false))
  expect(text).toContain('-2.3 s')
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
})

const condition = (type: string, status: string, message?: string) => ({ type, status, ...(message && { message }) })

test('conditions: a pressure that holds and an etcd member without a vote are told, a voter and unknown kinds are not', async () => {
  const node = (name: string, conditions: readonly object[]) =>
    ({ metadata: { name }, spec: {}, status: { conditions, nodeInfo: { kubeletVersion: 'v1' } } }) as unknown as Node
  const read = await readApiNodes({
    nodes: async () => [
      node('a', [
        condition('Ready', 'True'),
        condition('EtcdIsVoter', 'True'),
        condition('MemoryPressure', 'False'),
        condition('Novel', 'True'),
      ]),
      node('b', [
        condition('Ready', 'Unknown', 'Kubelet stopped posting node status.'),
        condition('EtcdIsVoter', 'False'),
        condition('DiskPressure', 'True'),
      ]),
    ],
    podsPerNode: async () => new Map([['a', 1]]),
  } as never)
  expect(read).toMatchObject([
    { name: 'a', ready: true, conditions: [], pods: 1 },
    { name: 'b', ready: false, because: 'Kubelet stopped posting node status.', conditions: ['not EtcdIsVoter', 'DiskPressure'], pods: 0 },
  ])
})
