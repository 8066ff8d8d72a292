import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { migrations } from '../../src/lib/postgres-server/schema.ts'
import { bootstrapGoose } from '../../src/lib/procedures/db/bootstrap-goose.ts'
import { diagnose, type Way } from '../../src/lib/procedures/db/diagnosis.ts'
import { migrate } from '../../src/lib/procedures/db/migrate.ts'
import { recoverMigration } from '../../src/lib/procedures/db/recover-migration.ts'
import { migrations as migrationsReport } from '../../src/lib/reports/db/migrations.ts'
import { contextOf } from '../support/context.ts'
import { migrationWorlds, nextImage } from '../support/migration-worlds.ts'
import { inTransaction, patient, release, versionsOf } from '../support/migrations.ts'
import { runOf } from '../support/run-of.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems: opened } = useSystems(sandbox)
const context = () => contextOf(sandbox().environment)
const recovery = (image: string | undefined) => {
  const { kube, postgres, checkout, registry, scratch } = opened()
  const look = { kube: kube.read, postgres: postgres.read, checkout: checkout.read, registry: registry.read, scratch: scratch.read }
  return recoverMigration.gather({ way: 'found', image }, look, context())
}
type World = keyof typeof migrationWorlds
const slow = { timeout: 120_000 }
const sql = (text: string) => async () => {
  await sandbox().postgres.query(text)
  return undefined
}

/** Brings files into a new image, and migrates to it, as an operator does at a gate. */
const newImage =
  (tag: string, files: Readonly<Record<string, string>>, gone: readonly string[] = []) =>
  async () => {
    const { checkout } = sandbox().environment
    for (const name of gone) await rm(join(checkout, 'migrations', name))
    const next = await release(sandbox(), tag, files)
    const prepared = await prepare(migrate, { image: next, rehearse: false }, opened(), context())
    expect(prepared.plan.blocked).toEqual([])
    expect((await perform(prepared, runOf(opened(), migrate.needs))).trouble).toBeUndefined()
    return next
  }

interface Broken {
  readonly world: World
  /** The way that is found first, and after it has been gone, the next one, until nothing is broken. */
  readonly ways: readonly Way[]
  readonly step: RegExp
  /** What db:migrate says to this world. */
  readonly refusal: RegExp
  /** What the operator does where a gate asks; an image where what is looked at is another one from then on. */
  readonly act?: () => Promise<string | undefined>
  /** What happens by itself while the plan waits. */
  readonly meanwhile?: () => Promise<undefined>
  /** The versions at the end. */
  readonly end: readonly number[]
}

const openGate = sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND granted")

/** Where something may have run that cannot be taken back otherwise. */
const restorable: readonly World[] = [
  'a Job killed without a transaction, after its statement',
  'a Job killed without a transaction, between statements',
  'an index left invalid',
  'a failing statement without a transaction, after another',
  'a failing statement that leaves no object, after one that does',
  'a failing statement in the third of four files',
  'a lock timeout in a transaction',
]

/** Each world, the ways out that are found one after the other, and where they end. */
const cases: readonly Broken[] = [
  { world: 'nothing pending', ways: [], step: /^$/, refusal: /^$/, end: [0, 1, 2] },
  { world: 'two files pending', ways: ['rerun'], step: /Run 2 migrations to version 4/, refusal: /^$/, end: [0, 1, 2, 3, 4] },
  { world: 'a Job killed in a transaction', ways: ['rerun'], step: /Run 1 migration to version 3/, refusal: /^$/, end: [0, 1, 2, 3] },
  {
    world: 'a Job killed without a transaction, after its statement',
    ways: ['mark'],
    step: /Mark version 3 as applied/,
    refusal: /^$/,
    end: [0, 1, 2, 3],
  },
  {
    world: 'a Job killed without a transaction, between statements',
    ways: ['fix', 'rerun'],
    step: /What version 3 left half done is gone/,
    refusal: /^$/,
    act: sql('ALTER TABLE tasks DROP COLUMN notes'),
    end: [0, 1, 2, 3],
  },
  {
    world: 'a failing statement that leaves no object, after one that does',
    ways: ['fix', 'fix'],
    step: /What version 3 left half done is gone; Nothing of version 3 is there any more/,
    refusal: /failed at 000003_rank.sql/,
    act: async () => {
      await sandbox().postgres.query('ALTER TABLE tasks DROP COLUMN IF EXISTS rank; DELETE FROM tasks WHERE id = 50')
      return undefined
    },
    end: [0, 1, 2, 3],
  },
  {
    world: 'a killed Job whose statement goes on',
    ways: ['wait', 'rerun'],
    step: /Wait until nothing runs/,
    refusal: /backend \d+ runs a statement of 000003_notes.sql/,
    meanwhile: openGate,
    end: [0, 1, 2, 3],
  },
  {
    world: 'an index left invalid',
    ways: ['drop-index'],
    step: /Drop the invalid index tasks_title/,
    refusal: /tasks_title is invalid.*the last Job failed at 000003/,
    act: sql("DELETE FROM tasks WHERE id = (SELECT max(id) FROM tasks WHERE title = 'Task 1')"),
    end: [0, 1, 2, 3],
  },
  {
    world: 'an invalid index that goose recorded',
    ways: ['rebuild-index'],
    step: /Build the invalid index tasks_title anew/,
    refusal: /tasks_title is invalid/,
    end: [0, 1, 2, 3],
  },
  {
    world: 'an invalid index that only looks like one of a pending file',
    ways: ['rebuild-index', 'rerun'],
    step: /Build the invalid index tasks_res anew/,
    refusal: /index tasks_res is invalid/,
    end: [0, 1, 2, 3],
  },
  {
    world: 'the index of a partitioned table, not attached yet',
    ways: [],
    step: /^$/,
    refusal: /^$/,
    end: [0, 1, 2],
  },
  {
    world: 'a lock timeout in a transaction',
    ways: ['rerun'],
    step: /Remove the old Job.*Run 1 migration to version 3/,
    refusal: /failed at 000003_notes.sql/,
    end: [0, 1, 2, 3],
  },
  {
    world: 'a rebuild of an index that stopped half way',
    ways: ['rebuild-index'],
    step: /Drop the invalid index tasks_title_ccnew; Build the invalid index tasks_title anew/,
    refusal: /tasks_title is invalid.*tasks_title_ccnew is invalid/,
    end: [0, 1, 2, 3],
  },
  {
    world: 'a failing statement in the third of four files',
    ways: ['fix'],
    step: /What version 5 failed at is put right/,
    refusal: /failed at 000005_c.sql/,
    act: sql('ALTER TABLE tasks ADD COLUMN nonsense int'),
    end: [0, 1, 2, 3, 4, 5, 6],
  },
  {
    world: 'a failing statement without a transaction, after another',
    ways: ['fix'],
    step: /What version 3 left half done is gone/,
    refusal: /failed at 000003_half.sql/,
    act: async () => {
      await sandbox().postgres.query('ALTER TABLE tasks DROP COLUMN notes')
      return newImage('cccc002', { '000003_half.sql': inTransaction('ALTER TABLE tasks ADD COLUMN notes text;') })()
    },
    end: [0, 1, 2, 3],
  },
  {
    world: 'a late number',
    ways: ['fix'],
    step: /A new image has 000003_late.sql put right/,
    refusal: /000003_late.sql came late: version 4 is applied/,
    act: newImage('cccc002', { '000006_late.sql': inTransaction('SELECT 1;') }, ['000003_late.sql']),
    end: [0, 1, 2, 4, 5, 6],
  },
  {
    world: 'an edited file',
    ways: ['fix'],
    step: /A new image has 000001_init.sql put right/,
    refusal: /000001_init.sql was changed by [0-9a-f]+ after/,
    act: newImage('cccc002', { '000001_init.sql': migrations[0]?.sql ?? '' }),
    end: [0, 1, 2, 3, 4],
  },
  {
    world: 'an orphaned runner',
    ways: ['wait'],
    step: /Wait until nothing runs/,
    refusal: /pod honeydue-migrate-\w+ runs migrations, and its Job is gone/,
    meanwhile: openGate,
    end: [0, 1, 2, 3],
  },
  {
    world: 'a migration of somebody else',
    ways: ['wait'],
    step: /Wait until nothing runs/,
    refusal: /pod honeydue-migrate-\w+ runs migrations/,
    meanwhile: openGate,
    end: [0, 1, 2, 3],
  },
  {
    world: 'a pod that cannot pull its image',
    ways: ['rerun'],
    step: /Remove the old Job.*Run 2 migrations to version 4/,
    refusal: /^$/,
    end: [0, 1, 2, 3, 4],
  },
  {
    world: 'a table without versions',
    ways: ['bootstrap', 'rerun'],
    step: /Mark 000001_init.sql as applied/,
    refusal: /no version of goose \(unmarked\)/,
    end: [0, 1, 2],
  },
  {
    world: 'an AutoMigrate-era deployment',
    ways: ['bootstrap', 'rerun'],
    step: /Mark 000001_init.sql as applied/,
    refusal: /no version of goose \(automigrate\)/,
    end: [0, 1, 2],
  },
]

/** No finding of db:migrations but what is due: the end of every way out. */
const healthy = async (image: string): Promise<readonly string[]> => {
  const { kube, postgres, checkout, registry } = opened()
  const look = { kube: kube.read, postgres: postgres.read, checkout: checkout.read, registry: registry.read }
  return (await migrationsReport.look({ image }, look, context())).findings.filter(({ level }) => level === 'wrong').map(({ text }) => text)
}

describe.each(cases)('$world', ({ world, ways, step, refusal, act, meanwhile, end }) => {
  test(`the way out is ${ways.join(', then ') || 'none: nothing is broken'}, and it ends healthy`, slow, async () => {
    await migrationWorlds[world](sandbox())
    const { plan } = await prepare(migrate, { image: nextImage, rehearse: false }, opened(), context())
    expect(plan.blocked.join('; ')).toMatch(refusal)
    const gone: Way[] = []
    let image = nextImage
    for (let facts = await recovery(image); facts.way !== undefined && gone.length < 4; facts = await recovery(image)) {
      gone.push(facts.way)
      const { found, ways: fitting } = diagnose(facts)
      expect([found.length > 0, fitting[0]?.way, facts.progress?.trouble]).toEqual([true, facts.way, undefined])
      const prepared = await prepare(recoverMigration, { way: 'found', image }, opened(), context())
      expect(prepared.plan.blocked).toEqual([])
      if (gone.length === 1) expect(fitting.at(-1)?.way === 'restore').toBe(restorable.includes(world))
      if (gone.length === 1) expect(prepared.plan.steps.map(({ title }) => title).join('; ')).toMatch(step)
      const settle = async () => {
        image = (await act?.()) ?? image
        return true
      }
      const [outcome] = await Promise.all([perform(prepared, runOf(opened(), recoverMigration.needs, { settle })), meanwhile?.()])
      expect(outcome.trouble).toBeUndefined()
    }
    expect([gone, await versionsOf(sandbox()), await healthy(image)]).toEqual([ways, end, []])
  })
})

test('what failed for its rows runs again as it is once they are changed', slow, async () => {
  await migrationWorlds['a failing statement in the third of four files'](sandbox())
  await sandbox().postgres.query('ALTER TABLE tasks ADD COLUMN nonsense int')
  const prepared = await prepare(recoverMigration, { way: 'rerun', image: nextImage }, opened(), context())
  expect(prepared.plan.blocked).toEqual([])
  expect((await perform(prepared, runOf(opened(), recoverMigration.needs))).trouble).toBeUndefined()
  expect(await versionsOf(sandbox())).toEqual([0, 1, 2, 3, 4, 5, 6])
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
  const prepared = await prepare(recoverMigration, { way: 'found', image: undefined }, opened(), context())
  expect((await perform(prepared, runOf(opened(), recoverMigration.needs))).trouble).toBeUndefined()
  await expect.poll(async () => (await recovery(undefined)).hanging, patient).toEqual([])
  expect((await recovery(undefined)).way).toBeUndefined()
})

test('a rehearsal runs the pending files over the live schema elsewhere, and its failure refuses the plan', slow, async () => {
  await migrationWorlds['two files pending'](sandbox())
  const plan = async () => (await prepare(migrate, { image: nextImage, rehearse: true }, opened(), context())).plan
  const good = await plan()
  expect(good.blocked).toEqual([])
  expect(good.beyond.slice(0, 2)).toEqual([
    expect.stringMatching(/^Rehearsed without rows: OK {3}000003_notes.sql \([\d.]+ms\)$/),
    expect.stringMatching(/^Rehearsed without rows: OK {3}000004_due.sql/),
  ])
  await sandbox().postgres.query('ALTER TABLE tasks ADD COLUMN notes text')
  expect((await plan()).blocked.join()).toMatch(/rehearsed elsewhere, it failed: .*column "notes" of relation "tasks" already exists/)
})
