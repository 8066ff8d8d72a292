import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { image, namespace, registryHost, tags } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import {
  deleteJob,
  deployApi,
  gate,
  holdGate,
  holdTable,
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
} from './migrations.ts'

const tag = 'cccc001'
/** The image that the worlds release. */
export const nextImage = image('api', tag)

const two = {
  '000003_notes.sql': inTransaction('ALTER TABLE tasks ADD COLUMN notes text;'),
  '000004_due.sql': noTransaction('CREATE INDEX CONCURRENTLY tasks_due ON tasks (due_date);'),
}

const four = {
  '000003_a.sql': inTransaction('CREATE TABLE a (id int);'),
  '000004_b.sql': inTransaction('CREATE TABLE b (id int);'),
  '000005_c.sql': inTransaction('CREATE TABLE c (id int);\nALTER TABLE tasks DROP COLUMN nonsense;'),
  '000006_d.sql': inTransaction('CREATE TABLE d (id int);'),
}

const runTo = async (sandbox: Sandbox, files: Readonly<Record<string, string>>, end: 'Complete' | 'Failed'): Promise<void> => {
  await startJob(sandbox, await release(sandbox, tag, files))
  await jobBecomes(sandbox, end)
}

/** Starts the Job, waits until it stands at the gate, and lets `then` happen while it does. */
const atGate = async (
  sandbox: Sandbox,
  files: Readonly<Record<string, string>>,
  then: () => void | Promise<void>,
): Promise<() => Promise<void>> => {
  const open = await holdGate(sandbox)
  await startJob(sandbox, await release(sandbox, tag, files))
  await expect.poll(() => waitingAtGate(sandbox), patient).toBe(1)
  await then()
  return open
}

const killed = (sandbox: Sandbox) => async () => {
  deleteJob(sandbox, 'Background')
  // What it ran has ended only when its pods are gone, which is after the Job.
  await expect.poll(() => jobPods(sandbox).length, patient).toBe(0)
}

/** States of the schema and its runner, by what happened. Each releases `nextImage`, or leaves the database without goose. */
export const migrationWorlds = {
  'two files pending': async (sandbox) => {
    await release(sandbox, tag, two)
  },
  'two files pending, and the Job of the last deploy': async (sandbox) => {
    await startJob(sandbox, image('api'))
    await jobBecomes(sandbox, 'Complete')
    await release(sandbox, tag, two)
  },
  'two files pending, in an image that was never pushed': async (sandbox) => {
    sandbox.registry.lacking.add(await release(sandbox, tag, two))
  },
  'two files pending, and no registry': async (sandbox) => {
    await release(sandbox, tag, two)
    sandbox.registry.trouble = 'reset from here'
  },
  'two files pending, and a pull secret that is not accepted': async (sandbox) => {
    await release(sandbox, tag, two)
    const config = JSON.stringify({ auths: { [registryHost]: { username: 'admin', password: `${planted.registryPassword}-revoked` } } })
    sandbox.kubernetes.client.update({ group: '', resource: 'secrets' }, 'gitea-credentials', namespace, (draft) => {
      draft.data = { '.dockerconfigjson': Buffer.from(config).toString('base64') }
    })
  },
  'nothing pending': async (sandbox) => {
    await release(sandbox, tag, {})
  },
  'a Job killed in a transaction': async (sandbox) => {
    const open = await atGate(
      sandbox,
      { '000003_notes.sql': inTransaction(`ALTER TABLE tasks ADD COLUMN notes text;\n${gate}`) },
      killed(sandbox),
    )
    await open()
    await expect.poll(() => waitingAtGate(sandbox), patient).toBe(0)
  },
  'a Job killed without a transaction, after its statement': async (sandbox) => {
    const files = { '000003_notes.sql': noTransaction('SET lock_timeout = 0;\nALTER TABLE tasks ADD COLUMN notes text;') }
    const reader = await holdTable(sandbox, 'tasks')
    await startJob(sandbox, await release(sandbox, tag, files))
    const waiting = () => sandbox.postgres.query("SELECT 1 FROM pg_locks WHERE relation = 'tasks'::regclass AND NOT granted")
    await expect.poll(waiting, patient).toHaveLength(1)
    await killed(sandbox)()
    await reader()
    await expect.poll(() => sandbox.postgres.query("SELECT 1 FROM pg_attribute WHERE attname = 'notes'"), patient).toHaveLength(1)
  },
  'a failing statement that leaves no object, after one that does': async (sandbox) => {
    const sql = 'ALTER TABLE tasks ADD COLUMN rank int;\n-- the best first\nUPDATE tasks SET rank = 100 / (id - 50);'
    await runTo(sandbox, { '000003_rank.sql': noTransaction(sql) }, 'Failed')
  },
  'a table whose row security was never switched on': async (sandbox) => {
    const reader = await holdTable(sandbox, 'tasks')
    const sql = [
      'CREATE TABLE shares (id int);',
      "SET lock_timeout = '50ms';",
      'ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;',
      'CREATE POLICY own ON tasks USING (true);',
    ]
    await runTo(sandbox, { '000003_shares.sql': noTransaction(sql.join('\n')) }, 'Failed')
    await reader()
  },
  'a Job killed without a transaction, between statements': async (sandbox) => {
    const sql = `ALTER TABLE tasks ADD COLUMN notes text;\n${gate}\nCREATE INDEX CONCURRENTLY tasks_due ON tasks (due_date);`
    await (await atGate(sandbox, { '000003_notes.sql': noTransaction(sql) }, killed(sandbox)))()
    await expect.poll(() => waitingAtGate(sandbox), patient).toBe(0)
  },
  'a killed Job whose statement goes on': async (sandbox) => {
    await atGate(sandbox, { '000003_notes.sql': inTransaction(`ALTER TABLE tasks ADD COLUMN notes text;\n${gate}`) }, killed(sandbox))
  },
  'an index left invalid': async (sandbox) => {
    await sandbox.postgres.query("INSERT INTO tasks (residence_id, title) VALUES (1, 'Task 1')")
    await runTo(sandbox, { '000003_unique.sql': noTransaction('CREATE UNIQUE INDEX CONCURRENTLY tasks_title ON tasks (title);') }, 'Failed')
  },
  /** Its name begins as one that a pending file builds. */
  'an invalid index that only looks like one of a pending file': async (sandbox) => {
    const { query } = sandbox.postgres
    await query("INSERT INTO tasks (residence_id, title) VALUES (1, 'Task 1')")
    await query('CREATE UNIQUE INDEX CONCURRENTLY tasks_res ON tasks (title)').catch(() => {})
    await query("DELETE FROM tasks WHERE id = (SELECT max(id) FROM tasks WHERE title = 'Task 1')")
    await release(sandbox, tag, {
      '000003_index.sql': noTransaction('CREATE INDEX CONCURRENTLY tasks_res_title ON tasks (residence_id, title);'),
    })
  },
  'the index of a partitioned table, not attached yet': async (sandbox) => {
    await sandbox.postgres.query(`SET ROLE neondb_owner; CREATE TABLE readings (at date) PARTITION BY RANGE (at);
      CREATE TABLE readings_2024 PARTITION OF readings FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
      CREATE TABLE readings_2025 PARTITION OF readings FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
      CREATE INDEX readings_2024_at ON readings_2024 (at); CREATE INDEX readings_at ON ONLY readings (at);
      ALTER INDEX readings_at ATTACH PARTITION readings_2024_at; RESET ROLE`)
    const up = 'CREATE INDEX readings_2025_at ON readings_2025 (at);\nALTER INDEX readings_at ATTACH PARTITION readings_2025_at;'
    await release(sandbox, tag, { '000003_attach.sql': inTransaction(up) })
  },
  'a lock timeout in a transaction': async (sandbox) => {
    const reader = await holdTable(sandbox, 'tasks')
    const sql = "CREATE TABLE a (id int);\nSET LOCAL lock_timeout = '50ms';\nALTER TABLE tasks ADD COLUMN notes text;"
    await runTo(sandbox, { '000003_notes.sql': inTransaction(sql) }, 'Failed')
    await reader()
  },
  'an invalid index that goose recorded': async (sandbox) => {
    await sandbox.postgres.query("INSERT INTO tasks (residence_id, title) VALUES (1, 'Task 1')")
    const files = { '000003_unique.sql': noTransaction('CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS tasks_title ON tasks (title);') }
    await runTo(sandbox, files, 'Failed')
    await sandbox.postgres.query("DELETE FROM tasks WHERE id = (SELECT max(id) FROM tasks WHERE title = 'Task 1')")
    deleteJob(sandbox, 'Background')
    await expect.poll(() => jobOf(sandbox), patient).toBeUndefined()
    await startJob(sandbox, nextImage)
    await jobBecomes(sandbox, 'Complete')
  },
  'a rebuild of an index that stopped half way': async (sandbox) => {
    await migrationWorlds['an invalid index that goose recorded'](sandbox)
    const { query } = sandbox.postgres
    await query("INSERT INTO tasks (residence_id, title) VALUES (1, 'Task 1')")
    await query('REINDEX INDEX CONCURRENTLY tasks_title').catch(() => {})
    await query("DELETE FROM tasks WHERE id = (SELECT max(id) FROM tasks WHERE title = 'Task 1')")
  },
  'four files pending, the third fails': async (sandbox) => {
    await release(sandbox, tag, four)
  },
  'a failing statement in the third of four files': (sandbox) => runTo(sandbox, four, 'Failed'),
  'a failing statement without a transaction, after another': (sandbox) =>
    runTo(
      sandbox,
      { '000003_half.sql': noTransaction('ALTER TABLE tasks ADD COLUMN notes text;\nALTER TABLE tasks DROP COLUMN nonsense;') },
      'Failed',
    ),
  'a column that goes': async (sandbox) => {
    const sql =
      "ALTER TABLE tasks ADD COLUMN name text NOT NULL DEFAULT '';\nUPDATE tasks SET name = title;\nALTER TABLE tasks DROP COLUMN title;"
    await release(sandbox, tag, { '000003_name.sql': inTransaction(sql) })
  },
  'a late number': async (sandbox) => {
    await startJob(sandbox, await release(sandbox, 'cccc000', { '000004_four.sql': inTransaction('SELECT 1;') }))
    await jobBecomes(sandbox, 'Complete')
    await release(sandbox, tag, { '000003_late.sql': inTransaction('SELECT 1;'), '000005_five.sql': inTransaction('SELECT 1;') })
  },
  'an edited file': async (sandbox) => {
    const init = await readFile(join(sandbox.environment.checkout, 'migrations/000001_init.sql'), 'utf8')
    await release(sandbox, tag, { ...two, '000001_init.sql': init.replace('name text NOT NULL', 'name text') })
  },
  'an orphaned runner': async (sandbox) => {
    await atGate(sandbox, { '000003_notes.sql': noTransaction(`${gate}\nALTER TABLE tasks ADD COLUMN notes text;`) }, async () => {
      deleteJob(sandbox, 'Orphan')
      await expect.poll(() => jobOf(sandbox), patient).toBeUndefined()
    })
  },
  'a migration of somebody else': async (sandbox) => {
    await atGate(sandbox, { '000003_notes.sql': noTransaction(`${gate}\nALTER TABLE tasks ADD COLUMN notes text;`) }, () => {})
  },
  'a pod that cannot pull its image': async (sandbox) => {
    await startJob(sandbox, await release(sandbox, tag, two), { 'honeydue.test/image-pull': 'connection refused' })
    await expect.poll(() => JSON.stringify(jobPods(sandbox)), patient).toContain('ImagePullBackOff')
  },
  'a table without versions': async (sandbox) => {
    await release(sandbox, tag, {})
    await sandbox.postgres.query('DROP INDEX tasks_residence_due; DELETE FROM goose_db_version WHERE version_id > 0')
  },
  'an AutoMigrate-era deployment': async (sandbox) => {
    await release(sandbox, tag, {})
    await sandbox.postgres.query('DROP INDEX tasks_residence_due; DROP TABLE goose_db_version')
    deployApi(sandbox, image('api', tags.autoMigrate))
  },
  'pods that hang on the stranded lock': async (sandbox) => {
    await sandbox.postgres.query('DROP INDEX tasks_residence_due; DROP TABLE goose_db_version')
    await strandLock(sandbox)
    deployApi(sandbox, image('api', tags.autoMigrate))
    await expect
      .poll(() => sandbox.postgres.query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory'"), patient)
      .not.toHaveLength(0)
  },
} as const satisfies Readonly<Record<string, (sandbox: Sandbox) => void | Promise<void>>>

/** What of the database and the Job a procedure may change; nothing that passes by itself. */
export const observeMigrations = async (sandbox: Sandbox): Promise<unknown> => {
  const goose = await sandbox.postgres.query("SELECT to_regclass('goose_db_version') IS NOT NULL AS there")
  const indexes = await sandbox.postgres.query(
    "SELECT indexrelid::regclass::text AS name, indisvalid AS valid FROM pg_index WHERE indrelid::regclass::text NOT LIKE 'pg_%' ORDER BY 1",
  )
  const columns = await sandbox.postgres.query(
    "SELECT table_name || '.' || column_name AS name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1",
  )
  const job = jobOf(sandbox)
  return {
    versions: goose[0]?.there === true ? await versionsOf(sandbox) : undefined,
    indexes,
    columns,
    job: job && {
      annotations: job.metadata.annotations,
      template: (job.spec as { readonly template: { readonly spec: unknown } }).template.spec,
    },
  }
}
