import { expect, test } from 'vitest'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { migrate } from '../../../src/lib/procedures/db/migrate.ts'
import { recoverMigration } from '../../../src/lib/procedures/db/recover-migration.ts'
import { contextOf } from '../../support/context.ts'
import { connected, inTransaction, patient, release } from '../../support/migrations.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems } = useSystems(sandbox)

test("a killed run's statement that goes on under a comment line keeps a second run away", async () => {
  const statement = 'INSERT INTO documents (residence_id, title)\nSELECT id, pg_sleep(60)::text FROM residences;'
  const image = await release(sandbox(), 'dddd001', {
    '000003_a.sql': inTransaction(`-- give every residence its document\n\n${statement}`),
  })
  const runner = await connected(sandbox(), sandbox().postgres.directHost)
  // As goose sends it: without the lines before it.
  const sent = runner.query(statement).catch(() => {})
  const { query } = sandbox().postgres
  await expect.poll(() => query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), patient).toHaveLength(1)
  const context = contextOf(sandbox().environment)
  const { plan } = await prepare(migrate, { image, rehearse: false }, systems(), context)
  expect(plan.blocked.join()).toMatch(/backend \d+ runs a statement of 000003_a.sql/)
  const recovery = await prepare(recoverMigration, { way: 'found', image }, systems(), context)
  expect([recovery.plan.steps.map(({ title }) => title), recovery.plan.target.join()]).toEqual([
    ['Wait until nothing runs migrations any more'],
    expect.stringMatching(/backend \d+ runs a statement of 000003_a.sql/),
  ])
  await query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
  await sent
  await runner.end().catch(() => {})
})
