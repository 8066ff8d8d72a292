import { expect, test } from 'vitest'
import { timeoutOf } from '../../../src/lib/facts/db/snapshots.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { diagnose } from '../../../src/lib/procedures/db/diagnosis.ts'
import { migrate } from '../../../src/lib/procedures/db/migrate.ts'
import { recoverMigration } from '../../../src/lib/procedures/db/recover-migration.ts'
import { migrations } from '../../../src/lib/reports/db/migrations.ts'
import { contextOf } from '../../support/context.ts'
import { migrationWorlds, nextImage } from '../../support/migration-worlds.ts'
import { connected, noTransaction, patient, release } from '../../support/migrations.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems } = useSystems(sandbox)
const context = () => contextOf(sandbox().environment)
const looks = () => {
  const { kube, postgres, checkout, registry, scratch } = systems()
  return { kube: kube.read, postgres: postgres.read, checkout: checkout.read, registry: registry.read, scratch: scratch.read }
}
const findings = async () => (await migrations.look({ image: undefined }, looks(), context())).findings.map(({ text }) => text)
const blocked = async (image?: string) => (await prepare(migrate, { image, rehearse: false }, systems(), context())).plan.blocked.join()

test.each([
  ['is being built', 'CREATE INDEX CONCURRENTLY tasks_due ON tasks (due_date)', 'tasks_due'],
  ['is being built anew', 'REINDEX INDEX CONCURRENTLY tasks_residence_due', 'tasks_residence_due_ccnew'],
  ['is being dropped', 'DROP INDEX CONCURRENTLY tasks_residence_due', 'tasks_residence_due'],
])('an index that %s did not fail: the way is to wait', async (_, statement, name) => {
  const [writer, builder] = await Promise.all([1, 2].map(() => connected(sandbox(), sandbox().postgres.directHost)))
  await writer?.query('BEGIN; UPDATE tasks SET title = title WHERE id = 1')
  const built = builder?.query(statement).catch(() => {})
  await expect.poll(() => sandbox().postgres.query('SELECT 1 FROM pg_index WHERE NOT indisvalid'), patient).toHaveLength(1)
  expect((await findings()).join()).toMatch(new RegExp(`Backend \\d+ is at work on index ${name} of tasks`))
  const facts = await recoverMigration.gather({ way: 'found', image: undefined }, looks(), context())
  expect([diagnose(facts).found.join(), facts.way]).toEqual([expect.stringMatching(`is at work on index ${name}$`), 'wait'])
  await writer?.query('ROLLBACK')
  await built
  await Promise.all([writer?.end(), builder?.end()])
  expect((await findings()).join()).not.toContain('index')
})

test("a partitioned table's index names the partitions that lack theirs, and keeps nothing from running", async () => {
  await migrationWorlds['the index of a partitioned table, not attached yet'](sandbox())
  expect((await findings()).join()).toContain(
    'Index readings_at of the partitioned table readings is not finished: readings_2025 has none attached',
  )
  expect(await blocked(nextImage)).toBe('')
})

test('an old snapshot on any table is named before a concurrent build meets it', async () => {
  const image = await release(sandbox(), 'dddd002', {
    '000003_i.sql': noTransaction('CREATE INDEX CONCURRENTLY tasks_due ON tasks (due_date);'),
  })
  const reader = await connected(sandbox(), sandbox().postgres.directHost)
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM users')
  expect(await blocked(image)).toBe('')
  const { postgres } = looks()
  const aged = {
    ...postgres,
    sessions: async (of: Parameters<typeof postgres.sessions>[0]) =>
      (await postgres.sessions(of)).map((one) => ({ ...one, transactionAge: (one.transactionAge ?? 0) + 7 })),
  }
  const facts = await migrate.gather({ image, rehearse: false }, { ...looks(), postgres: aged }, context())
  const check = migrate.steps(facts).flatMap((step) => ('check' in step && step.check ? [step.check] : []))
  const finding = await check[0]?.({ ...looks(), postgres: aged })
  expect(finding).toMatchObject({
    ok: false,
    because: expect.stringMatching(/backend \d+ \(no name\) has held a snapshot for (?:7|8|9) s: .*lock_timeout of 5 s ends that wait/),
  })
  await reader.end()
})

test.each([
  ['dbname=$X lock_timeout=5s"', 5000],
  ["-c lock_timeout='250ms'", 250],
  ['?lock_timeout=2000&x=1', 2000],
  ['lock_timeout=1min', 60000],
  ['SET lock_timeout TO 3s', 3000],
  ['no limit here', undefined],
] as const)('the lock_timeout of %s', (text, expected) => {
  expect(timeoutOf(text)).toBe(expected)
})
