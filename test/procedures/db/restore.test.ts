import { expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderPlan } from '../../../src/lib/cli/render-plan.ts'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { recoverMigration } from '../../../src/lib/procedures/db/recover-migration.ts'
import { contextOf } from '../../support/context.ts'
import { migrationWorlds, nextImage } from '../../support/migration-worlds.ts'
import { inTransaction, jobBecomes, jobOf, release, startJob, versionsOf } from '../../support/migrations.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems } = useSystems(sandbox)
const planned = async (world: keyof typeof migrationWorlds) => {
  await migrationWorlds[world](sandbox())
  return planOf()
}
const planOf = () => prepare(recoverMigration, { way: 'restore', image: nextImage }, systems(), contextOf(sandbox().environment))

/** A clock that waits for nothing: what does not hold at once is not seen to hold. */
const hasty = () => {
  let now = Date.now()
  return {
    now: () => new Date(now),
    sleep: async (ms: number) => {
      now += ms
    },
  }
}
type Prepared = Awaited<ReturnType<typeof planned>>
const carriedOut = (prepared: Prepared, settle: (title: string) => Promise<void>) =>
  perform(
    prepared,
    runOf(systems(), recoverMigration.needs, {
      clock: hasty(),
      settle: async ({ title }) => {
        await settle(title)
        return true
      },
    }),
  )

test('branch first, the time to type, what else it rewinds; and a look whether it was done', async () => {
  // Longer than a second, so that its beginning is no other time of it.
  const files = {
    '000003_a.sql': inTransaction('CREATE TABLE a (id int);\nSELECT pg_sleep(1.1);'),
    '000004_b.sql': inTransaction('CREATE TABLE b (id int);'),
    '000005_c.sql': inTransaction('ALTER TABLE tasks DROP COLUMN nonsense;'),
  }
  await startJob(sandbox(), await release(sandbox(), 'cccc001', files))
  await jobBecomes(sandbox(), 'Failed')
  const prepared = await planOf()
  const { plan } = prepared
  expect([plan.blocked, plan.risk, plan.steps.map(({ kind }) => kind)]).toEqual([
    [],
    'irreversible',
    ['proof', 'gate', 'gate', 'gate', 'proof'],
  ])
  const printed = renderPlan(plan, paint(false)).replace(/\s+/g, ' ')
  const [branch = '', writers = '', restore = ''] = plan.steps.flatMap(({ kind, manual }) => (kind === 'gate' ? manual.join(' ') : []))
  const { startTime = '' } = (jobOf(sandbox())?.status ?? {}) as { readonly startTime?: string }
  const at = `${startTime.slice(0, 19).replace('T', ' ')} UTC`
  const [first] = await sandbox().postgres.query('SELECT min(tstamp)::text AS at FROM goose_db_version WHERE version_id > 2')
  expect(Date.parse(startTime)).toBeLessThanOrEqual(Date.parse(`${String(first?.at).replace(' ', 'T')}Z`))
  expect(branch).toContain(`create a branch of "production" at ${at}`)
  expect(printed).toContain(`asks: In Neon's console, create a branch of "production" at ${at}`)
  expect(branch).toContain('goose_db_version, which must say 2')
  expect(writers).toContain('scale deploy/api deploy/worker --replicas=0')
  expect(restore).toContain(`Restore "production" to ${at}`)
  for (const rewound of [
    'every database',
    'every row',
    'goose_db_version with it, from 4 to 2',
    'asynq',
    'B2',
    'mails',
    'cuts every connection',
  ])
    expect(restore).toContain(rewound)

  const forgotten = await carriedOut(prepared, async () => {})
  expect(forgotten.trouble).toMatchObject({ exitCode: 5, message: expect.stringContaining('version 3, 4 is applied') })

  // What Neon does when a person restores there.
  const back = 'DROP TABLE a, b; DELETE FROM goose_db_version WHERE version_id > 2'
  const done = await carriedOut(prepared, async (title) => {
    if (title.endsWith('is restored')) await sandbox().postgres.query(back)
  })
  expect(done.trouble).toBeUndefined()
  expect(await versionsOf(sandbox())).toEqual([0, 1, 2])
})

test('without its Job, the time is told as far as the database knows it', async () => {
  const prepared = await planned('a Job killed without a transaction, after its statement')
  const [last] = await sandbox().postgres.query('SELECT max(tstamp)::text AS at FROM goose_db_version WHERE version_id = 2')
  expect(prepared.plan.steps[1]?.manual.join()).toContain(`a time after ${String(last?.at).slice(0, 19)} UTC, when version 2 was applied`)
  const half = await carriedOut(prepared, async () => {})
  expect(half.trouble).toMatchObject({ message: expect.stringContaining('column tasks.notes is there') })
})

test('nothing broken: nothing is restored', async () => {
  expect((await planned('nothing pending')).plan.blocked).toEqual(['--way restore does not fit: nothing is broken'])
})
