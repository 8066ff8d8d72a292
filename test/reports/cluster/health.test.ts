import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { paint, renderView } from '../../../src/lib/cli/render.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { View } from '../../../src/lib/plan/report.ts'
import { clusterHealth } from '../../../src/lib/reports/cluster/health.ts'
import { workload } from '../../../src/lib/sandbox/deployment/workload.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { honeydue, requireBuild } from '../../support/program.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ speed: { ready: 50, nodeGrace: 300 } })
beforeAll(requireBuild)

const look = async (): Promise<View> => {
  const signal = new AbortController().signal
  const { environment } = sandbox()
  const systems = openSystems(environment, systemClock, signal)
  try {
    return await clusterHealth.look({}, { kube: systems.kube.read }, { environment, clock: systemClock, signal })
  } finally {
    await systems.close()
  }
}
const wrong = async () => (await look()).findings.filter(({ level }) => level === 'wrong')

/** A Deployment beside honeyDue's own, whose pods behave as the annotations say. */
const deploy = (name: string, annotations: Readonly<Record<string, string>>, pod: Readonly<Record<string, unknown>> = {}) => {
  const object = workload({ name, image: 'gitea.treytartt.com/admin/honeydue-web:nope', pod })
  const { template } = object.spec as { template: { metadata: Record<string, unknown> } }
  template.metadata.annotations = annotations
  sandbox().kubernetes.client.create(object)
}

test('a healthy cluster has nothing to tell, and its document counts what was looked at', async () => {
  const view = await look()
  expect(view.findings).toEqual([])
  expect(view.tables.map(({ title }) => title)).toEqual(['Nodes'])
  expect(view.tables[0]?.rows[0]?.slice(0, 3)).toEqual(['ubuntu-8gb-nbg1-1', 'hetzner2', 'Ready'])
  expect(view.data).toMatchObject({ podCount: 16, unwell: [], below: [], claims: [], warnings: [], unread: [] })
})

test('a crash loop: the workload, its pods, their restarts, how they ended and what they said last', async () => {
  deploy('broken', { 'honeydue.test/crash': 'yes' })
  await expect.poll(async () => (await wrong()).map(({ text }) => text).join('\n'), { timeout: 15_000 }).toMatch(/CrashLoopBackOff/)
  const view = await look()
  const [below, pods] = view.findings
  expect(below).toMatchObject({
    level: 'wrong',
    text: expect.stringMatching(/^Deployment broken in honeydue: 0 of 1 pods are ready/),
    next: 'kubectl -n honeydue describe deployment broken',
  })
  expect(pods?.text).toMatch(/^Deployment broken in honeydue: a pod is CrashLoopBackOff \([1-9]\d* restarts, last Error \(1\)\)/)
  expect(pods?.next).toMatch(/^kubectl -n honeydue logs broken-\S+ --previous --tail 50$/)
  const events = view.tables.find(({ title }) => title === 'Warning events of the last hour')
  expect(events?.rows[0]?.slice(2, 4)).toEqual(['Pod broken-…', 'BackOff'])
})

test('an image that cannot be pulled, a pod that fits nowhere, a claim without a volume', async () => {
  deploy('imageless', { 'honeydue.test/image-pull': 'manifest unknown' })
  deploy('homeless', {}, { nodeSelector: { 'kubernetes.io/hostname': 'nowhere' } })
  sandbox().kubernetes.client.create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'spare', namespace: 'honeydue' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } },
  })
  await expect.poll(async () => (await wrong()).map(({ text }) => text.slice(0, 60)), { timeout: 15_000 }).toHaveLength(5)
  expect((await wrong()).map(({ text }) => text.slice(0, 74))).toEqual([
    expect.stringMatching(/^Deployment homeless in honeydue: 0 of 1 pods are ready/),
    expect.stringMatching(/^Deployment imageless in honeydue: 0 of 1 pods are ready/),
    expect.stringMatching(/^Deployment homeless in honeydue: a pod is Unschedulable: /),
    expect.stringMatching(/^Deployment imageless in honeydue: a pod is ImagePullBackOff: Back-off/),
    'Claim spare in honeydue has no volume: Pending, storage class fast',
  ])
})

test('a pod that has just started is starting, not wrong', async () => {
  deploy('slow', { 'honeydue.test/never-ready': 'yes' })
  await expect
    .poll(async () => (await look()).findings.map(({ text }) => text).join('\n'), { timeout: 15_000 })
    .toMatch(/a pod is Starting/)
  expect((await look()).findings.find(({ text }) => text.includes('Starting'))?.level).toBe('warning')
})

test('a node that is away is named by its alias, and the tables keep to 80 columns', async () => {
  await sandbox().nodes.setUp('hetzner2', false)
  await expect.poll(async () => (await wrong())[0]?.text, { timeout: 15_000 }).toMatch(/^hetzner2 is NotReady/)
  const view = await look()
  expect(view.tables[0]?.rows[0]?.slice(0, 3)).toEqual(['ubuntu-8gb-nbg1-1', 'hetzner2', 'NotReady'])
  const tables = renderView({ ...view, findings: [], notes: [] }, paint(false))
  expect(Math.max(...tables.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
})

test('through the program: 0 when well, 3 when not, 9 when the API is away; a kind that may not be read is said so', async () => {
  const run = async () => {
    const { code, stdout } = await honeydue(['cluster:health', '--json', '--env', join(sandbox().dir, 'environment.yaml')])
    return { code, document: JSON.parse(stdout) }
  }
  expect(await run()).toMatchObject({ code: 0, document: { schemaVersion: 1, command: 'cluster:health', findings: [] } })
  const heal = sandbox().kubernetes.fail({ match: ({ path }) => path.includes('/events'), answer: { status: 403, reason: 'Forbidden' } })
  expect(await run()).toMatchObject({
    code: 3,
    document: { findings: [{ level: 'wrong', text: expect.stringMatching(/^Events cannot be read: /) }], data: { podCount: 16 } },
  })
  heal()
  sandbox().kubernetes.fail({ answer: 'reset' })
  expect(await run()).toMatchObject({ code: 9, document: { error: { code: 'kube-unreachable' } } })
})
