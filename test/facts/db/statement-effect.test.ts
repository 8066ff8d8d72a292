import type { Client } from 'pg'
import { Client as PostgresClient } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { effectOf, worstFirst } from '../../../src/lib/facts/db/statement-effect.ts'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { type PostgresSandbox, startPostgres } from '../../../src/lib/sandbox/postgres/postgres.ts'

let sandbox: PostgresSandbox
let client: Client
beforeAll(async () => {
  sandbox = await startPostgres({ authority: createAuthority('honeyDue sandbox') })
  const { port, user, database, password, ca, directHost } = sandbox
  client = new PostgresClient({ host: '127.0.0.1', port, user, database, password, ssl: { ca, servername: directHost } })
  client.on('error', () => {})
  await client.connect()
})
afterAll(async () => {
  await client?.end()
  await sandbox?.stop()
})

/** The strongest lock on tasks and whether its file changed, seen by a real server. */
const measured = async (statement: string) => {
  await client.query('BEGIN')
  try {
    const file = async () => (await client.query("SELECT pg_relation_filenode('tasks') AS node")).rows[0].node
    const before = await file()
    const oid = (await client.query("SELECT 'tasks'::regclass::oid AS oid")).rows[0].oid
    await client.query(statement)
    const { rows } = await client.query('SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = $1', [oid])
    const modes = new Set(rows.map(({ mode }) => String(mode).replace(/Lock$/, '')))
    const lock =
      ['AccessExclusive', 'ShareRowExclusive', 'Share', 'ShareUpdateExclusive', 'RowExclusive'].find((mode) => modes.has(mode)) ?? 'none'
    const after = await file().catch(() => before)
    return { lock, rewrites: after !== null && after !== before }
  } finally {
    await client.query('ROLLBACK')
  }
}

test.each([
  'CREATE INDEX i ON tasks (title)',
  'CREATE UNIQUE INDEX i ON tasks (id, title)',
  'DELETE FROM tasks WHERE id < 0',
  "UPDATE tasks SET title = 'ALTER TABLE' WHERE id < 0",
  "INSERT INTO tasks (residence_id, title) VALUES (1, 'DROP TABLE tasks')",
  'ALTER TABLE tasks ADD COLUMN notes text',
  "ALTER TABLE tasks ADD COLUMN kind text NOT NULL DEFAULT 'type'",
  'ALTER TABLE tasks ADD COLUMN token uuid DEFAULT gen_random_uuid()',
  'ALTER TABLE tasks ADD COLUMN number bigserial',
  'ALTER TABLE tasks ADD COLUMN twice bigint GENERATED ALWAYS AS (id * 2) STORED',
  'ALTER TABLE tasks ALTER COLUMN title TYPE bytea USING title::bytea',
  'ALTER TABLE tasks ADD COLUMN type text',
  'ALTER TABLE tasks DROP COLUMN due_date',
  'ALTER TABLE tasks ALTER COLUMN title DROP NOT NULL',
  'ALTER TABLE tasks ALTER COLUMN residence_id SET NOT NULL',
  'ALTER TABLE tasks ADD CONSTRAINT c CHECK (id > 0) NOT VALID',
  'ALTER TABLE tasks ADD CONSTRAINT f FOREIGN KEY (residence_id) REFERENCES residences (id) NOT VALID',
  'ALTER TABLE tasks ALTER COLUMN title SET STATISTICS 50',
  'ALTER TABLE tasks SET UNLOGGED',
  'DROP TABLE tasks CASCADE',
])('%s', async (statement) => {
  const { lock, rewrites } = effectOf(statement)
  expect({ lock, rewrites }).toEqual(await measured(statement))
})

test('what destroys comes first, and says so; text between quotes is no command', () => {
  const statements = [
    'CREATE INDEX CONCURRENTLY i ON tasks (title);',
    "COMMENT ON TABLE tasks IS 'DROP TABLE x';",
    'ALTER TABLE tasks\n  DROP COLUMN due_date;',
    'TRUNCATE tasks;',
    'ALTER TABLE tasks DROP CONSTRAINT c;',
  ]
  const effects = worstFirst(statements.map(effectOf))
  expect(effects.map(({ destroys, concurrently, lock }) => [destroys, concurrently, lock])).toEqual([
    [true, false, 'AccessExclusive'],
    [true, false, 'AccessExclusive'],
    [false, false, 'AccessExclusive'],
    [false, true, 'ShareUpdateExclusive'],
    [false, false, 'none'],
  ])
})
