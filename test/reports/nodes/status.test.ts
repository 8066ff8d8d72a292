import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { type ApiNode, reachedNothing, surveyNodes } from '../../../src/lib/facts/nodes/survey.ts'
import { nodeFindings } from '../../../src/lib/reports/nodes/findings.ts'
import { nodeTables } from '../../../src/lib/reports/nodes/table.ts'
import { type NodesSandbox, startNodes } from '../../../src/lib/sandbox/nodes/nodes.ts'
import { nodesSystem } from '../../../src/lib/systems/nodes/nodes.ts'

const dir = mkdtempSync(join(tmpdir(), 'status-'))
let sandbox: NodesSandbox
beforeAll(async () => {
  sandbox = await startNodes({ dir })
})
beforeEach(() => sandbox.reset())
afterAll(async () => {
  await sandbox.stop()
  rmSync(dir, { recursive: true })
})

const inApi = (change: (node: ApiNode) => ApiNode = (node) => node): readonly ApiNode[] =>
  sandbox.nodes.map(({ hostname, address }) =>
    change({
      name: hostname,
      addresses: [address, hostname],
      ready: true,
      conditions: [],
      cordoned: false,
      rebooting: false,
      kubeletVersion: 'v1.34.6+k3s1',
      pods: 7,
    }),
  )

const survey = async (api: () => Promise<readonly ApiNode[]> = async () => inApi()) => {
  const system = nodesSystem({ configFile: sandbox.configFile, clock: systemClock })
  try {
    return await surveyNodes(sandbox.nodes, system.read, api)
  } finally {
    await system.close()
  }
}

// The nodes are this machine: its own disk, memory and load are not what is tested here.
const findings = (found: Awaited<ReturnType<typeof survey>>) =>
  nodeFindings(found)
    .map(({ text }) => text)
    .filter((text) => !/ has .* of (disk|memory) free| has a load of /.test(text))

test('healthy nodes have a full row each and nothing wrong', async () => {
  const found = await survey()
  expect(findings(found)).toEqual([])
  const [cluster, hosts] = nodeTables(found)
  expect(cluster?.rows).toEqual([
    ['hetzner1', '178.104.247.152', 'ubuntu-8gb-nbg1-2', 'Ready', 'v1.34.6+k3s1', '7'],
    ['hetzner2', '178.105.32.198', 'ubuntu-8gb-nbg1-1', 'Ready', 'v1.34.6+k3s1', '7'],
    ['hetzner3', '178.104.249.189', 'ubuntu-8gb-nbg1-3', 'Ready', 'v1.34.6+k3s1', '7'],
  ])
  expect(hosts?.rows.flat()).not.toContain('?')
  expect(hosts?.rows.map((row) => row.slice(6, 9))).toEqual(Array(3).fill(['active', 'on', 'no']))
})

test('a mapping that does not hold is the first line, seen from either end', async () => {
  sandbox.node('hetzner1').state.write('hostname', 'ubuntu-8gb-nbg1-1\n')
  await sandbox.setUp('hetzner3', false)
  const [first] = findings(await survey())
  expect(first).toBe('hetzner1 is ubuntu-8gb-nbg1-1, not ubuntu-8gb-nbg1-2')
  await sandbox.reset()
  const moved = inApi((node) => (node.name === 'ubuntu-8gb-nbg1-3' ? { ...node, addresses: ['192.0.2.7'] } : node))
  expect(findings(await survey(async () => moved))[0]).toBe(
    'ubuntu-8gb-nbg1-3 (hetzner3) has the addresses 192.0.2.7 in the API, not 178.104.249.189',
  )
})

test('a node that is down leaves the others their rows', async () => {
  await sandbox.setUp('hetzner2', false)
  const found = await survey()
  expect(nodeTables(found)[1]?.rows.map((row) => row[1] === 'down')).toEqual([false, true, false])
  expect(findings(found)[0]).toMatch(/^No answer from hetzner2 over SSH: .*nothing listens there/)
})

test('a node that neither answers over SSH nor is Ready is away: one line, and first nobody is led there any more', async () => {
  await sandbox.setUp('hetzner2', false)
  const api = inApi((node) =>
    node.name === 'ubuntu-8gb-nbg1-1' ? { ...node, ready: false, because: 'Kubelet stopped posting node status.' } : node,
  )
  const found = nodeFindings(await survey(async () => api)).filter(({ text }) => text.includes('hetzner2'))
  expect(found).toEqual([
    {
      level: 'wrong',
      text: expect.stringMatching(/^hetzner2 is away: NotReady in the cluster, and over SSH .*nothing listens there/),
      next: 'honeydue edge:drain hetzner2',
    },
  ])
})

test('where too few nodes are left for etcd, that is the first line, and the report that counts its votes the next command', async () => {
  await sandbox.setUp('hetzner2', false)
  await sandbox.setUp('hetzner3', false)
  const found = await survey(() => Promise.reject(new Error('etcdserver: request timed out')))
  expect(nodeFindings(found)[0]).toEqual({
    level: 'wrong',
    text: expect.stringMatching(/^hetzner2 and hetzner3 do not answer: etcd needs 2 of 3 nodes/),
    next: 'honeydue cluster:etcd',
  })
  // The API answers: whatever keeps SSH away, the votes are there.
  expect(findings(await survey())[0]).toMatch(/^No answer from hetzner2/)
})

test('what is wrong on a host and in the cluster is a finding each', async () => {
  const { state } = sandbox.node('hetzner3')
  state.setRebootRequired(true)
  state.write('services/k3s', 'failed\n')
  state.write('ufw/enabled', 'no\n')
  state.write('clock-synchronized', 'no\n')
  state.write('k3s-version', 'v1.33.0+k3s1\n')
  const api = inApi((node) =>
    node.name === 'ubuntu-8gb-nbg1-2' ? { ...node, ready: false, conditions: ['DiskPressure'], cordoned: true } : node,
  )
  expect(findings(await survey(async () => api))).toEqual([
    'hetzner1 is NotReady',
    'hetzner1 reports DiskPressure',
    'k3s on hetzner3 is failed',
    'UFW on hetzner3 is inactive',
    'The clock of hetzner3 is not synchronized',
    'hetzner1 is cordoned: no pod is placed on it',
    'hetzner3 needs a reboot (reboot-required)',
    'The nodes run different versions of k3s: v1.33.0+k3s1, v1.34.6+k3s1',
  ])
})

test('clocks are compared with each other before they are compared with ours', async () => {
  const found = await survey()
  const at = (offsets: readonly number[], withinMs = 0) => ({
    ...found,
    facts: new Map(
      [...found.facts].map(([alias, answer], n) => [
        alias,
        answer.answered ? { ...answer, value: { ...answer.value, clock: { offsetMs: offsets[n] ?? 0, withinMs } } } : answer,
      ]),
    ),
  })
  expect(findings(at([0, 40, 2040]))).toEqual(['The clocks of hetzner1 and hetzner3 are 2.0 s apart'])
  // Asked over a slow line, or by a busy machine, they may be the same.
  expect(findings(at([0, 40, 2040], 1000))).toEqual([])
  expect(findings(at([9000, 9040, 9080]))).toEqual(["This machine's clock is 9.0 s behind the nodes"])
})

test('when nothing answers, nothing was reached; the API alone is enough for rows', async () => {
  for (const { alias } of sandbox.nodes) await sandbox.setUp(alias, false)
  expect(reachedNothing(await survey(() => Promise.reject(new Error('connection refused'))))).toBe(true)
  const found = await survey()
  expect(reachedNothing(found)).toBe(false)
  expect(nodeTables(found)[0]?.rows.map((row) => row[5])).toEqual(['7', '7', '7'])
})
