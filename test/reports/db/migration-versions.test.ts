import { expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderPlan } from '../../../src/lib/cli/render-plan.ts'
import { renderView } from '../../../src/lib/cli/render-view.ts'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { bootstrapGoose } from '../../../src/lib/procedures/db/bootstrap-goose.ts'
import { migrate } from '../../../src/lib/procedures/db/migrate.ts'
import { recoverMigration } from '../../../src/lib/procedures/db/recover-migration.ts'
import { migrations } from '../../../src/lib/reports/db/migrations.ts'
import { contextOf } from '../../support/context.ts'
import { inTransaction, jobBecomes, noTransaction, release, startJob } from '../../support/migrations.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems, close } = useSystems(sandbox)
const context = () => contextOf(sandbox().environment)
const look = async (image?: string) => {
  const { kube, postgres, checkout, registry } = systems()
  return migrations.look(
    { image },
    { kube: kube.read, postgres: postgres.read, checkout: checkout.read, registry: registry.read },
    context(),
  )
}
const recorded = async () =>
  (await sandbox().postgres.query('SELECT version_id::text AS version FROM goose_db_version ORDER BY id')).map(({ version }) => version)

test.each([
  ['a timestamp, as goose create names files', '20240101120000'],
  ['a date', '20240101'],
  ['a timestamp to the millisecond', '20240101120000123'],
])('%s for a version: looked at, run, and recovered from', async (_, version) => {
  const next = await release(sandbox(), 'bbbb010', { [`${version}_notes.sql`]: inTransaction('ALTER TABLE tasks ADD COLUMN notes text;') })
  const view = await look(next)
  expect(view.findings.map(({ text }) => text)).toEqual([`1 pending: ${version}_notes.sql`])
  expect(view.tables[1]?.rows[0]?.[0]).toBe(version)
  expect(renderView(view, paint(false)).length).toBeLessThan(4000)
  expect(() => JSON.stringify(view.data)).not.toThrow()
  const prepared = await prepare(migrate, { image: next, rehearse: false }, systems(), context())
  expect([prepared.plan.blocked, prepared.plan.steps.at(-1)?.title]).toEqual([[], `Run 1 migration to version ${version}`])
  expect(renderPlan(prepared.plan, paint(false))).toContain(version)
  expect((await perform(prepared, runOf(systems(), migrate.needs))).trouble).toBeUndefined()
  expect(await recorded()).toEqual(['0', '1', '2', version])

  const worse = await release(sandbox(), 'bbbb011', {
    [`${version.slice(0, -1)}9_bad.sql`]: noTransaction('ALTER TABLE tasks ADD COLUMN due text;\nALTER TABLE tasks DROP COLUMN nonsense;'),
  })
  const { kubernetes } = sandbox()
  kubernetes.client.delete({ group: 'batch', resource: 'jobs' }, 'honeydue-migrate', 'honeydue', { propagationPolicy: 'Background' })
  await expect.poll(() => kubernetes.client.get({ group: 'batch', resource: 'jobs' }, 'honeydue-migrate', 'honeydue')).toBeUndefined()
  await startJob(sandbox(), worse)
  await jobBecomes(sandbox(), 'Failed')
  const { plan } = await prepare(recoverMigration, { way: 'found', image: worse }, systems(), context())
  expect(plan.target.join()).toContain(`version ${version}`)
  for (const { title } of plan.steps) expect(title.length).toBeLessThanOrEqual(60)
})

test("goose's table is found where the role's search_path has it, and marked there", async () => {
  const { query } = sandbox().postgres
  const role = `${sandbox().postgres.user}`
  await query('CREATE SCHEMA app; ALTER SCHEMA app OWNER TO neondb_owner')
  await query(`ALTER ROLE ${role} SET search_path = app, public`)
  try {
    await query('ALTER TABLE goose_db_version SET SCHEMA app')
    sandbox().postgres.recyclePooler()
    const view = await look()
    expect([view.findings, view.data]).toEqual([[], expect.objectContaining({ era: 'goose', current: 2 })])
    // Tables outside of public are a schema too: a database without goose's table is not empty for it.
    await query('DROP TABLE app.goose_db_version; ALTER TABLE users SET SCHEMA app; ALTER TABLE tasks SET SCHEMA app')
    await query('DROP TABLE documents, contractors, residence_users, residences CASCADE')
    await close()
    expect((await look()).data).toMatchObject({ era: 'automigrate' })
    const { plan } = await prepare(bootstrapGoose, { image: undefined }, systems(), context())
    expect(plan.steps.flatMap(({ manual }) => manual).join()).toContain('CREATE TABLE IF NOT EXISTS app.goose_db_version')
    await query('CREATE SCHEMA stray; CREATE TABLE stray.goose_db_version (id int)')
    await close()
    expect((await look()).findings.map(({ text }) => text)).toContain(
      "There is a goose_db_version in schema stray too: goose uses none of them, and would make its own in app, by the role's search_path",
    )
  } finally {
    await query(`ALTER ROLE ${role} RESET search_path`)
  }
})

test('a row that says is_applied = false is passed over as goose passes it over, and said', async () => {
  await sandbox().postgres.query('UPDATE goose_db_version SET is_applied = false WHERE version_id = 2')
  const view = await look()
  expect([view.data, view.findings.map(({ text }) => text)]).toEqual([
    expect.objectContaining({ pending: [], current: 2 }),
    [expect.stringContaining('Version 2 is recorded with is_applied = false: goose up passes it over as applied')],
  ])
  const next = await release(sandbox(), 'bbbb012', { '000003_c.sql': inTransaction('CREATE TABLE c (id int);') })
  const prepared = await prepare(migrate, { image: next, rehearse: false }, systems(), context())
  expect(prepared.plan.beyond.join()).toContain('Version 2 is recorded with is_applied = false')
  expect((await perform(prepared, runOf(systems(), migrate.needs))).trouble).toBeUndefined()
  expect(await recorded()).toEqual(['0', '1', '2', '3'])
})
