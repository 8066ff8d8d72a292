import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { recoverMigration } from '../../../src/lib/procedures/db/recover-migration.ts'
import { contextOf } from '../../support/context.ts'
import { migrationWorlds, nextImage } from '../../support/migration-worlds.ts'
import { versionsOf } from '../../support/migrations.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems } = useSystems(sandbox)
const slow = { timeout: 60_000 }
const planned = (way: 'found' | 'mark') => prepare(recoverMigration, { way, image: nextImage }, systems(), contextOf(sandbox().environment))
const titles = ({ plan }: Awaited<ReturnType<typeof planned>>) => plan.steps.map(({ title }) => title)

test(
  'what stands from the failing statement on has not run: it is never marked unasked, and a yes over nothing done is none',
  slow,
  async () => {
    await migrationWorlds['a failing statement that leaves no object, after one that does'](sandbox())
    const found = await planned('found')
    expect(found.plan.target.join()).toContain('statement 2 of 2 failed, and what stands from there on has not run')
    expect(titles(found).join()).not.toContain('Mark')
    expect(found.plan.steps[1]?.manual).toContain('# ALTER TABLE tasks DROP COLUMN rank;')
    const { trouble } = await perform(found, runOf(systems(), recoverMigration.needs, { clock: impatient() }))
    expect([trouble?.exitCode, trouble?.failed]).toEqual([5, expect.stringContaining('column tasks.rank is still there')])
  },
)

test('row security that was never switched on is not there, however its table is; every line that is left stands whole', slow, async () => {
  await migrationWorlds['a table whose row security was never switched on'](sandbox())
  expect(titles(await planned('found')).join()).not.toContain('Mark')
  const mark = await planned('mark')
  expect(mark.plan.blocked).toEqual([])
  expect(mark.plan.steps[0]?.manual).toEqual([
    '# Statement 3 failed; these have not run. Change what it met, then run them with honeydue db:psql --write:',
    '# ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;',
    '# CREATE POLICY own ON tasks USING (true);',
    '# Have they all run?',
  ])
  const { trouble } = await perform(mark, runOf(systems(), recoverMigration.needs, { clock: impatient() }))
  expect(trouble?.failed).toMatch(/policy own of tasks, row security tasks is not as the file makes it/)
  expect(await versionsOf(sandbox())).toEqual([0, 1, 2])
  const settle = async () => {
    await sandbox().postgres.query('ALTER TABLE tasks ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON tasks USING (true)')
    return true
  }
  expect((await perform(await planned('mark'), runOf(systems(), recoverMigration.needs, { settle }))).trouble).toBeUndefined()
  expect(await versionsOf(sandbox())).toEqual([0, 1, 2, 3])
})

/** Time runs a thousand times as fast: what does not come to hold is told soon. */
const impatient = () => {
  const began = Date.now()
  return {
    now: () => new Date(began + (Date.now() - began) * 1000),
    sleep: async (_ms: number, signal?: AbortSignal) => signal?.throwIfAborted(),
  }
}
