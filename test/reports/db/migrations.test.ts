import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderView } from '../../../src/lib/cli/render-view.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { migrations } from '../../../src/lib/reports/db/migrations.ts'
import { image } from '../../../src/lib/sandbox/deployment/facts.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { contextOf } from '../../support/context.ts'
import { inTransaction, jobBecomes, noTransaction, release, startJob } from '../../support/migrations.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const opened: ReturnType<typeof openSystems>[] = []
const look = async (image?: string) => {
  const systems = openSystems(sandbox().environment, systemClock, new AbortController().signal)
  opened.push(systems)
  const { kube, postgres, checkout, registry } = systems
  const read = { kube: kube.read, postgres: postgres.read, checkout: checkout.read, registry: registry.read }
  return migrations.look({ image }, read, contextOf(sandbox().environment))
}
const findings = async (image?: string) => (await look(image)).findings.map(({ level, text }) => `${level}: ${text}`)
afterEach(async () => {
  for (const systems of opened.splice(0)) await systems.close()
})
const tables = () => sandbox().postgres.query("SELECT relname FROM pg_class WHERE relname LIKE 'goose%' ORDER BY 1")

test('all applied: nothing is wrong, and looking writes nothing', async () => {
  const before = await tables()
  const view = await look()
  expect(view.findings).toEqual([])
  expect(view.tables[0]?.rows.map(([file, , ...rest]) => [file, ...rest])).toEqual([
    ['000001_init.sql', 'yes', 'yes'],
    ['000002_tasks_by_due_date.sql', 'yes', 'yes'],
  ])
  expect(view.data).toMatchObject({ era: 'goose', current: 2, pending: [], late: [], edited: [], job: null, inRegistry: true })
  expect(view.notes).toContainEqual(expect.stringMatching(/^in its registry with the digest sha256:[0-9a-f]{12}$/))
  expect(await tables()).toEqual(before)
  await sandbox().postgres.query('DROP TABLE goose_db_version')
  expect(await findings()).toEqual(['warning: There is no goose_db_version: the api pods migrate at their start (AutoMigrate)'])
  expect(await tables()).toEqual([])
})

test('pending files with what their statements do to others, the destructive ones first', async () => {
  const next = await release(sandbox(), 'bbbb001', {
    '000003_due.sql': noTransaction('CREATE INDEX CONCURRENTLY tasks_due ON tasks (due_date);'),
    '000005_no_title.sql': inTransaction('ALTER TABLE tasks ALTER COLUMN id TYPE numeric;\nALTER TABLE tasks DROP COLUMN title;'),
  })
  const view = await look(next)
  expect(view.tables[1]?.rows).toEqual([
    ['000005', 'destroys, blocks reads and writes of tasks', 'ALTER TABLE tasks DROP COLUMN title'],
    ['000005', 'rewrites every row, blocks reads and writes of tasks', 'ALTER TABLE tasks ALTER COLUMN id TYPE …'],
    ['000003', 'reads every row, blocks no reads or writes of tasks', 'CREATE INDEX CONCURRENTLY tasks_due ON …'],
  ])
  expect(view.findings.map(({ text }) => text)).toEqual([
    '2 pending: 000003_due.sql, 000005_no_title.sql',
    'No file has the number 4: goose passes over gaps',
  ])
  for (const line of renderView(view, paint(false)).split('\n')) expect(line.length).toBeLessThan(160)
})

test('whether the image is in its registry: no, and not known', async () => {
  const { registry } = sandbox()
  registry.lacking.add(image('api'))
  expect(await findings()).toEqual([`wrong: ${image('api')} is not in its registry: a pod that is to run it cannot start`])
  registry.trouble = 'server-error'
  const { findings: none, notes, data } = await look()
  expect([none, data]).toEqual([[], expect.objectContaining({ inRegistry: null, digest: null })])
  expect(notes).toContainEqual(expect.stringContaining('whether it is in its registry is not known: The registry gitea.treytartt.com'))
})

test('a late number, an edited file, a schema ahead of the image, a checkout that differs', async () => {
  const first = await release(sandbox(), 'bbbb002', { '000005_e.sql': inTransaction('SELECT 1;') })
  await startJob(sandbox(), first)
  await jobBecomes(sandbox(), 'Complete')
  expect(await findings()).toEqual(['warning: The schema is ahead of the image: it has no file for version 5'])
  const { checkout } = sandbox().environment
  const init = await readFile(join(checkout, 'migrations/000001_init.sql'), 'utf8')
  const late = await release(sandbox(), 'bbbb003', {
    '000004_late.sql': inTransaction('SELECT 1;'),
    '000001_init.sql': init.replace('name text NOT NULL', 'name text'),
  })
  await writeFile(join(checkout, 'migrations/000005_e.sql'), inTransaction('SELECT 2;'))
  const found = await findings(late)
  expect(found[0]).toBe('wrong: 000004_late.sql came late: version 5 is applied, and goose stops at lower numbers')
  expect(found[1]).toMatch(/^wrong: 000001_init.sql was changed by [0-9a-f]{7} at .* UTC, after it was applied/)
  expect(found[2]).toBe("warning: The checkout's 000005_e.sql differs from the image's")
})

test('a failed Job with its statement; an image that git does not know', async () => {
  const bad = await release(sandbox(), 'bbbb004', { '000003_bad.sql': inTransaction('ALTER TABLE tasks DROP COLUMN nonsense;') })
  await startJob(sandbox(), bad)
  await jobBecomes(sandbox(), 'Failed')
  const view = await look(bad)
  expect(view.findings[0]?.text).toContain(
    '000003_bad.sql: failed to run SQL migration: failed to execute SQL query "ALTER TABLE tasks DROP COLUMN',
  )
  expect(view.data).toMatchObject({ job: { outcome: 'failed', failure: { file: '000003_bad.sql', sqlState: '42703' } } })
  expect((await findings('gitea.treytartt.com/admin/honeydue-api:fffffff'))[0]).toMatch(/names no commit of the checkout/)
})
