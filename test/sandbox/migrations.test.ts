import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { image, tags } from '../../src/lib/sandbox/deployment/facts.ts'
import { git } from '../../src/lib/sandbox/deployment/repository.ts'
import {
  deleteJob,
  deployApi,
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
  strandLock,
  versionsOf,
  waitingAtGate,
} from '../support/migrations.ts'
import { useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })

test('the checkout is a repository whose tags are images; configuration and secrets are not in it', async () => {
  const { checkout } = sandbox().environment
  expect(await git(checkout, ['status', '--porcelain'])).toBe('')
  expect((await git(checkout, ['ls-files'])).trim().split('\n')).toEqual([
    '.gitignore',
    'deploy-k3s/manifests/admin.yaml',
    'deploy-k3s/manifests/api.yaml',
    'deploy-k3s/manifests/migrate/job.yaml',
    'deploy-k3s/manifests/observability/vmagent.yaml',
    'deploy-k3s/manifests/pod-disruption-budgets.yaml',
    'deploy-k3s/manifests/rbac.yaml',
    'deploy-k3s/manifests/redis.yaml',
    'deploy-k3s/manifests/web.yaml',
    'deploy-k3s/manifests/worker.yaml',
    'migrations/000001_init.sql',
    'migrations/000002_tasks_by_due_date.sql',
  ])
  expect((await git(checkout, ['tag'])).trim().split('\n').sort()).toEqual([tags.goose, tags.autoMigrate].sort())
  expect(existsSync(join(checkout, 'deploy-k3s/config.yaml'))).toBe(true)
})

test("the Job's pod runs its image's files against the database, with the lock timeout of its DSN", async () => {
  const next = await release(sandbox(), 'aaaa001', {
    '000003_notes.sql': inTransaction(
      "ALTER TABLE tasks ADD COLUMN notes text;\nCREATE TABLE seen AS SELECT current_setting('lock_timeout') AS lock;",
    ),
  })
  await startJob(sandbox(), next)
  await jobBecomes(sandbox(), 'Complete')
  expect(await versionsOf(sandbox())).toEqual([0, 1, 2, 3])
  expect(await sandbox().postgres.query('SELECT lock FROM seen')).toEqual([{ lock: '5s' }])
})

test('a Job that is deleted without its pod leaves a runner without a Job', async () => {
  const open = await holdGate(sandbox())
  const next = await release(sandbox(), 'aaaa002', { '000003_slow.sql': noTransaction(gate) })
  await startJob(sandbox(), next)
  await expect.poll(() => waitingAtGate(sandbox()), patient).toBe(1)
  deleteJob(sandbox(), 'Orphan')
  await expect.poll(() => jobOf(sandbox()), patient).toBeUndefined()
  expect(jobPods(sandbox())).toHaveLength(1)
  await open()
  await expect.poll(() => versionsOf(sandbox()), patient).toEqual([0, 1, 2, 3])
})

test('pods of before goose hang on a lock that was stranded on the pooler, until its backend ends', async () => {
  const { postgres } = sandbox()
  await strandLock(sandbox())
  deployApi(sandbox(), image('api', tags.autoMigrate))
  const waiting = () => postgres.query("SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory'")
  await expect.poll(waiting, patient).not.toHaveLength(0)
  const [holder] = await postgres.query("SELECT pid, pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
  expect(holder).toBeDefined()
  await expect.poll(waiting, patient).toHaveLength(0)
})

test('a pod that waits for a lock does not take it while the sandbox is put back', async () => {
  const { postgres } = sandbox()
  for (let round = 0; round < 4; round++) {
    await sandbox().reset()
    await strandLock(sandbox())
    deployApi(sandbox(), image('api', tags.autoMigrate))
    await expect.poll(() => postgres.query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory'"), patient).not.toHaveLength(0)
  }
})
