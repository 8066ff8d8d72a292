import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderView } from '../../../src/lib/cli/render-view.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Environment } from '../../../src/lib/environment/schema.ts'
import type { View } from '../../../src/lib/plan/report.ts'
import { databaseStatus } from '../../../src/lib/reports/db/status.ts'
import { neon as facts } from '../../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { honeydue, requireBuild } from '../../support/program.ts'
import { useSandbox, worlds } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
beforeAll(requireBuild)

const look = async (more: Partial<Environment> = {}): Promise<View> => {
  const signal = new AbortController().signal
  const environment = { ...sandbox().environment, ...more }
  const systems = openSystems(environment, systemClock, signal)
  const { kube, checkout, postgres, nodes, neon } = systems
  try {
    const readers = { kube: kube.read, checkout: checkout.read, postgres: postgres.read, nodes: nodes.read, neon: neon.read }
    return await databaseStatus.look({}, readers, { environment, clock: systemClock, signal })
  } finally {
    await systems.close()
  }
}
const found = async () => (await look()).findings.map(({ level, text }) => `${level}: ${text}`)

test('well: every place agrees, both endpoints answer from here and from each node, and the report says what looking costs', async () => {
  const view = await look()
  expect(view.findings).toEqual([])
  const [use, endpoints, nodes] = view.tables
  expect(use?.rows.slice(0, 2)).toEqual([
    ['ConfigMap', 'pooler', expect.stringMatching(/^set \d{4}-\d\d-\d\d \d\d:\d\d UTC, \d+ d ago$/)],
    ['deploy-k3s/config.yaml:4', 'pooler', 'database.host'],
  ])
  expect(use?.rows.slice(2).map(([pod]) => pod?.split('-')[0])).toEqual(expect.arrayContaining(['api', 'worker', 'admin', 'web']))
  expect(endpoints?.rows.map((row) => [row[0], row[5]])).toEqual([
    ['pooler', 'pooler'],
    ['direct', 'server'],
  ])
  expect(nodes?.rows.flat().filter((cell) => cell === 'no')).toEqual([])
  expect(view.notes?.join('\n')).toMatch(/wakes a compute/)
  expect(view.notes).toContain('DB_HOST was last set by kubectl-client-side-apply')
  const text = renderView({ ...view, notes: [] }, paint(false))
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
})

test('restore points with their age, the youngest first; one of another branch is none; what cannot be read takes nothing else with it', async () => {
  const { neon } = sandbox()
  const marked = (name: string, minutesAgo: number, parent_id: string = facts.branch) => {
    const created_at = new Date(Date.now() - minutesAgo * 60_000).toISOString()
    neon.branches.push({ id: `br-${name}`, name, project_id: facts.project, parent_id, current_state: 'ready', default: false, created_at })
  }
  marked('before-20261101-0900-v1', 3000)
  marked('before-20261128-0900-v2', 40)
  marked('before-20261128-0901-v2', 39, 'br-other')
  marked('preview', 1)
  const table = ({ tables }: View) => tables.find(({ title }) => title === 'Restore points at Neon')
  const view = await look()
  expect(table(view)?.rows).toEqual([
    ['before-20261128-0900-v2', expect.stringMatching(/, 40 min ago$/), 'ready'],
    ['before-20261101-0900-v1', expect.stringMatching(/, 2 d 2 h ago$/), 'ready'],
  ])
  expect(view.data).toMatchObject({ restorePoints: [{ version: 2 }, { version: 1 }] })

  const unset = await look({ neon: {} })
  expect([unset.findings, table(unset)]).toEqual([[], undefined])
  expect(unset.notes).toContain('Restore points at Neon are not known: neon.project is not in the configuration')

  neon.trouble = 'server-error'
  expect(await found()).toEqual([expect.stringMatching(/^warning: The restore points at Neon cannot be read: .*trouble of its own/)])
  neon.trouble = 'none'
  neon.compute = 'ep-other'
  expect(await found()).toEqual([expect.stringMatching(/^warning: The project at Neon has no compute ep-floral-truth-amttbc5a: /)])
})

test('a switch that only the ConfigMap has: the pods are older, and the next deploy takes it back', async () => {
  worlds['switched in the ConfigMap only'](sandbox())
  const [pods, source, ...more] = await found()
  expect(pods).toMatch(/^wrong: 8 of 8 pods started before DB_HOST was last set, and may use another host: /)
  expect(source).toMatch(
    /^wrong: The ConfigMap has the direct and deploy-k3s\/config.yaml:4 the pooler: the next deploy sets DB_HOST back to the pooler$/,
  )
  expect(more).toEqual([])
})

test('the endpoint in use is away', async () => {
  await worlds['pooler down'](sandbox())
  const [pooler] = await found()
  expect(pooler).toMatch(/^wrong: The pooler endpoint, which is in use, does not answer from here: /)
}, 60_000)

test('the endpoint that is not in use is away', async () => {
  await worlds['direct endpoint down'](sandbox())
  const direct = await found()
  expect(direct[0]).toMatch(/^warning: The direct endpoint does not answer from here: /)
  expect(direct.at(-1)).toMatch(/^warning: Its connections cannot be read: /)
})

test('the source file is missing', async () => {
  await rm(join(sandbox().environment.checkout, 'deploy-k3s/config.yaml'))
  expect(await found()).toEqual([expect.stringMatching(/^warning: There is no .*config.yaml: what the next deploy sets DB_HOST to/)])
})

test('a node that is down is a finding of its own; through the program: 3, and 9 when the API is away; no secret is told', async () => {
  await sandbox().nodes.setUp('hetzner2', false)
  const run = () => honeydue(['db:status', '--json', '--env', join(sandbox().dir, 'environment.yaml')])
  const down = await run()
  const document = JSON.parse(down.stdout)
  expect(down.code).toBe(3)
  expect(document.findings.map(({ text }: { text: string }) => text.slice(0, 27))).toEqual([
    'From hetzner2 to the pooler',
    'From hetzner2 to the direct',
  ])
  expect(document.data.inUse).toMatchObject({ endpoint: 'pooler', setBy: { manager: 'kubectl-client-side-apply' } })
  for (const secret of plantedValues) expect(down.stdout).not.toContain(secret)
  sandbox().kubernetes.fail({ answer: 'reset' })
  const away = await run()
  expect([away.code, JSON.parse(away.stdout).error.code]).toEqual([9, 'kube-unreachable'])
}, 60_000)

test('a workload that sets DB_HOST itself is told, in its row and as what is wrong', async () => {
  const { client } = sandbox().kubernetes
  client.update({ group: 'apps', resource: 'deployments' }, 'api', 'honeydue', (draft) => {
    const [container] = (draft.spec as { template: { spec: { containers: { env?: object[] }[] } } }).template.spec.containers
    if (container) container.env = [...(container.env ?? []), { name: 'DB_HOST', value: sandbox().postgres.directHost }]
  })
  const told = async () => (await look()).findings.filter(({ level }) => level === 'wrong')
  await expect
    .poll(async () => (await told()).map(({ text }) => text), { timeout: 25_000, interval: 200 })
    .toEqual(['Deployment api has DB_HOST from its own env (direct): the ConfigMap, which has the pooler, does not reach it'])
  expect((await look()).findings[0]?.next).toBe('kubectl -n honeydue set env deploy/api DB_HOST-')
  const ofApi = async () => (await look()).tables[0]?.rows.filter(([pod]) => pod?.startsWith('api-')).map(([, endpoint]) => endpoint)
  await expect.poll(ofApi, { timeout: 25_000, interval: 200 }).toEqual(['direct', 'direct', 'direct'])
}, 60_000)
