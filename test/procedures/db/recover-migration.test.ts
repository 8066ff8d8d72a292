import { describe, expect, test } from 'vitest'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { bootstrapGoose } from '../../../src/lib/procedures/db/bootstrap-goose.ts'
import { diagnose } from '../../../src/lib/procedures/db/diagnosis.ts'
import { migrate } from '../../../src/lib/procedures/db/migrate.ts'
import { recoverMigration } from '../../../src/lib/procedures/db/recover-migration.ts'
import { contextOf } from '../../context.ts'
import { migrationWorlds, nextImage } from '../../migration-worlds.ts'
import { useSystems } from '../../systems-of.ts'
import { useSandbox } from '../../worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems: opened } = useSystems(sandbox)
const context = () => contextOf(sandbox().environment)
const recovery = (image: string | undefined) => {
  const { kube, postgres, checkout, registry, scratch } = opened()
  const look = { kube: kube.read, postgres: postgres.read, checkout: checkout.read, registry: registry.read, scratch: scratch.read }
  return recoverMigration.gather({ way: 'found', image }, look, context())
}
type World = keyof typeof migrationWorlds
const slow = { timeout: 90_000 }

/** Each world, the way out that is found, what stands in its plan, and what db:migrate says to it. */
const cases: readonly (readonly [World, string | undefined, RegExp, RegExp])[] = [
  ['nothing pending', undefined, /^$/, /^$/],
  ['two files pending', 'rerun', /Run 2 migrations to version 4/, /^$/],
  ['a Job killed in a transaction', 'rerun', /Run 1 migration to version 3/, /^$/],
  ['a Job killed without a transaction, after its statement', 'mark', /Mark version 3 as applied/, /^$/],
  ['a Job killed without a transaction, between statements', 'fix', /What is half there of version 3 is gone/, /^$/],
  ['a killed Job whose statement goes on', 'wait', /Wait until nothing runs/, /backend \d+ runs a statement of 000003_notes.sql/],
  ['an index left invalid', 'drop-index', /Drop the invalid index tasks_title/, /tasks_title is invalid.*the last Job failed at 000003/],
  ['an invalid index that goose recorded', 'rebuild-index', /Build the invalid index tasks_title anew/, /tasks_title is invalid/],
  ['a failing statement in the third of four files', 'fix', /The cause of the failure at version 5 is gone/, /failed at 000005_c.sql/],
  ['a late number', 'fix', /000003_late.sql is right in a new image/, /000003_late.sql came late: version 4 is applied/],
  ['an edited file', 'fix', /000001_init.sql is right in a new image/, /000001_init.sql was changed by [0-9a-f]+ after/],
  ['an orphaned runner', 'wait', /Wait until nothing runs/, /pod honeydue-migrate-\w+ runs migrations, and its Job is gone/],
  ['a migration of somebody else', 'wait', /Wait until nothing runs/, /pod honeydue-migrate-\w+ runs migrations/],
]

describe.each(cases)('%s', (world, way, step, refusal) => {
  test(`the way out is ${way ?? 'none: nothing is broken'}`, slow, async () => {
    await migrationWorlds[world](sandbox())
    const facts = await recovery(nextImage)
    const { found } = diagnose(facts)
    expect({ way: facts.way, found: found.length > 0, trouble: facts.progress?.trouble }).toEqual({
      way,
      found: way !== undefined,
      trouble: undefined,
    })
    expect(
      recoverMigration
        .steps(facts)
        .map(({ title }) => title)
        .join('; '),
    ).toMatch(step)
    const { plan } = await prepare(migrate, { image: nextImage, rehearse: false }, opened(), context())
    expect(plan.blocked.join('; ')).toMatch(refusal)
  })
})

test('a schema without a version is marked when it is what the baseline builds, and refused with each difference', slow, async () => {
  await migrationWorlds['a table without versions'](sandbox())
  const { plan } = await prepare(bootstrapGoose, { image: nextImage }, opened(), context())
  expect([plan.blocked, plan.steps.map(({ title }) => title)]).toEqual([[], ['Mark 000001_init.sql as applied']])
  await sandbox().postgres.query('ALTER TABLE tasks ADD COLUMN stray text; ALTER TABLE users ALTER COLUMN email DROP NOT NULL')
  expect((await prepare(bootstrapGoose, { image: nextImage }, opened(), context())).plan.blocked).toEqual([
    'column tasks.stray is in the database alone; column users.email is "text" in the database, "text NOT NULL" in 000001_init.sql',
  ])
  expect((await prepare(migrate, { image: nextImage, rehearse: false }, opened(), context())).plan.blocked.join()).toMatch(
    /no version of goose \(unmarked\)/,
  )
})

test('where pods hang on a stranded lock, the way out is to end its backend', slow, async () => {
  await migrationWorlds['pods that hang on the stranded lock'](sandbox())
  const facts = await recovery(undefined)
  expect(facts.way).toBe('unlock')
  expect(diagnose(facts).found.join()).toMatch(
    /advisory lock \d+ is stranded on the pooler.*hangs at "Acquiring migration advisory lock..."/,
  )
})

test('a rehearsal runs the pending files over the live schema elsewhere, and its failure refuses the plan', slow, async () => {
  await migrationWorlds['two files pending'](sandbox())
  const plan = async () => (await prepare(migrate, { image: nextImage, rehearse: true }, opened(), context())).plan
  const good = await plan()
  expect(good.blocked).toEqual([])
  expect(good.uncheckable.slice(1, 3)).toEqual([
    expect.stringMatching(/^Rehearsed without rows: OK {3}000003_notes.sql \([\d.]+ms\)$/),
    expect.stringMatching(/^Rehearsed without rows: OK {3}000004_due.sql/),
  ])
  await sandbox().postgres.query('ALTER TABLE tasks ADD COLUMN notes text')
  expect((await plan()).blocked.join()).toMatch(/rehearsed elsewhere, it failed: .*column "notes" of relation "tasks" already exists/)
})
