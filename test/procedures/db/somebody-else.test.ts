import { expect, test } from 'vitest'
import { refuseMoved } from '../../../src/lib/plan/identity.ts'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { migrate } from '../../../src/lib/procedures/db/migrate.ts'
import { git } from '../../../src/lib/sandbox/deployment/repository.ts'
import { contextOf } from '../../support/context.ts'
import { migrationWorlds, nextImage } from '../../support/migration-worlds.ts'
import {
  gate,
  holdGate,
  inTransaction,
  jobBecomes,
  jobOf,
  jobPods,
  noTransaction,
  patient,
  release,
  startJob,
  versionsOf,
  waitingAtGate,
} from '../../support/migrations.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems, close } = useSystems(sandbox)
const planned = () => prepare(migrate, { image: nextImage, rehearse: false }, systems(), contextOf(sandbox().environment))
const run = async (prepared: Awaited<ReturnType<typeof planned>>) => perform(prepared, runOf(systems(), migrate.needs))

test('somebody migrates while the plan is read: nothing is left of it, and no Job is made', async () => {
  await migrationWorlds['two files pending'](sandbox())
  const confirmed = await planned()
  await startJob(sandbox(), nextImage)
  await jobBecomes(sandbox(), 'Complete')
  const theirs = jobOf(sandbox())?.metadata.uid
  const now = await planned()
  refuseMoved(confirmed.plan, now.plan)
  expect(now.plan.steps.filter(({ kind, already }) => kind === 'change' && !already)).toEqual([])
  expect((await run(now)).trouble).toBeUndefined()
  expect(jobOf(sandbox())?.metadata.uid).toBe(theirs)
})

test("somebody's Job runs when the plan is looked at again: it is refused", async () => {
  const open = await holdGate(sandbox())
  await release(sandbox(), 'cccc001', { '000003_slow.sql': noTransaction(gate) })
  const confirmed = await planned()
  expect(confirmed.plan.blocked).toEqual([])
  await startJob(sandbox(), nextImage)
  await expect.poll(() => waitingAtGate(sandbox()), patient).toBe(1)
  expect((await planned()).plan.blocked.join()).toMatch(/pod honeydue-migrate-\w+ runs migrations/)
  await open()
})

test("somebody's Job is made in the last moment: ours is not, theirs runs on, and the end says so", async () => {
  const open = await holdGate(sandbox())
  await release(sandbox(), 'cccc001', { '000003_slow.sql': noTransaction(gate) })
  const confirmed = await planned()
  await startJob(sandbox(), nextImage)
  await expect.poll(() => waitingAtGate(sandbox()), patient).toBe(1)
  const theirs = jobOf(sandbox())?.metadata.uid
  const { trouble } = await run(confirmed)
  expect(trouble).toMatchObject({ exitCode: 8 })
  expect([jobOf(sandbox())?.metadata.uid, jobPods(sandbox()).length]).toEqual([theirs, 1])
  await open()
  await expect.poll(() => versionsOf(sandbox()), patient).toEqual([0, 1, 2, 3])
})

test('an image with files that git does not have at its tag: the plan was not of them, and the end says so', async () => {
  const pushed = async (sql: string) => {
    await release(sandbox(), 'cccc001', { '000003_notes.sql': inTransaction('ALTER TABLE tasks ADD COLUMN notes text;') })
    const confirmed = await planned()
    // What was built is another tree than the one that the tag named when the plan was made.
    await release(sandbox(), 'cccc009', { '000004_more.sql': inTransaction(sql) })
    await git(sandbox().environment.checkout, ['tag', '-f', 'cccc001', 'cccc009'])
    return run(confirmed)
  }
  const strange = await pushed('SELECT 1;')
  expect(strange.trouble).toMatchObject({
    exitCode: 5,
    message: expect.stringContaining('version 4 was applied, and git has no such file'),
  })
  await close()
  await sandbox().reset()
  const failing = await pushed('SELECT nonsense;')
  expect(failing.trouble).toMatchObject({ exitCode: 5, message: expect.stringContaining('ERROR 000004_more.sql') })
}, 90_000)

test('an old Job that was replaced by somebody since: the new one is not deleted, and what it does is what was to be done', async () => {
  await migrationWorlds['two files pending, and the Job of the last deploy'](sandbox())
  const confirmed = await planned()
  const old = jobOf(sandbox())?.metadata.uid
  sandbox().kubernetes.client.delete({ group: 'batch', resource: 'jobs' }, 'honeydue-migrate', 'honeydue', {
    propagationPolicy: 'Background',
  })
  await expect.poll(() => jobOf(sandbox()), patient).toBeUndefined()
  await startJob(sandbox(), nextImage)
  const theirs = jobOf(sandbox())?.metadata.uid
  expect(theirs).not.toBe(old)
  await jobBecomes(sandbox(), 'Complete')
  const { trouble } = await run(confirmed)
  expect([trouble, jobOf(sandbox())?.metadata.uid, await versionsOf(sandbox())]).toEqual([undefined, theirs, [0, 1, 2, 3, 4]])
})
