import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { migrations } from '../../../src/lib/postgres-server/schema.ts'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { migrateProgram } from '../../../src/lib/sandbox/postgres/migrate-program.ts'
import { type PostgresSandbox, startPostgres } from '../../../src/lib/sandbox/postgres/postgres.ts'

let postgres: PostgresSandbox
beforeAll(async () => {
  postgres = await startPostgres({ authority: createAuthority('honeyDue sandbox') })
})
afterEach(() => postgres.reset())
afterAll(() => postgres?.stop())

const file = (name: string, up: string) => ({ name, sql: `-- +goose Up\n${up}\n-- +goose Down\nSELECT 1;\n` })
const concurrently = (name: string, up: string) => ({ name, sql: `-- +goose NO TRANSACTION\n-- +goose Up\n${up}\n` })

const migrate = async (files: readonly { name: string; sql: string }[], signal = new AbortController().signal) => {
  const lines: string[] = []
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'honeydue-migrate-x' } }
  const program = migrateProgram(postgres, async () => files)
  const code = await program({
    pod,
    container: 'migrate',
    env: { DB_HOST: postgres.poolerHost },
    log: (line) => lines.push(line.slice(20)),
    ready: () => {},
    signal,
  })
  return { code, lines: lines.map((line) => line.replace(/\([\d.]+ms\)/, '(ms)')) }
}
const versions = async () =>
  (await postgres.query('SELECT version_id::int AS version FROM goose_db_version ORDER BY id')).map(({ version }) => version)

test('nothing pending, then one file', async () => {
  expect(await migrate(migrations)).toEqual({ code: 0, lines: ['goose: no migrations to run. current version: 2'] })
  const more = [...migrations, file('000003_notes.sql', 'ALTER TABLE tasks ADD COLUMN notes text;')]
  expect(await migrate(more)).toEqual({
    code: 0,
    lines: ['OK   000003_notes.sql (ms)', 'goose: successfully migrated database to version: 3'],
  })
  expect(await versions()).toEqual([0, 1, 2, 3])
})

test('what came before the failing file stays committed, the failing file leaves nothing', async () => {
  const files = [
    ...migrations,
    file('000003_a.sql', 'CREATE TABLE a (id int);'),
    file('000004_b.sql', 'CREATE TABLE b (id int);'),
    file('000005_c.sql', 'CREATE TABLE c (id int);\nALTER TABLE tasks DROP COLUMN nonsense;'),
    file('000006_d.sql', 'CREATE TABLE d (id int);'),
  ]
  const { code, lines } = await migrate(files)
  expect(code).toBe(1)
  expect(lines.at(-1)).toBe(
    'goose run: ERROR 000005_c.sql: failed to run SQL migration: failed to execute SQL query "ALTER TABLE tasks DROP COLUMN nonsense;": ERROR: column "nonsense" of relation "tasks" does not exist (SQLSTATE 42703)',
  )
  expect(await versions()).toEqual([0, 1, 2, 3, 4])
  expect(await postgres.query("SELECT to_regclass('c') AS c, to_regclass('b')::text AS b")).toEqual([{ c: null, b: 'b' }])
})

test('a late number fails, a gap passes', async () => {
  const gap = [...migrations, file('000005_gap.sql', 'SELECT 1;')]
  expect((await migrate(gap)).code).toBe(0)
  const { code, lines } = await migrate([...gap, file('000004_late.sql', 'SELECT 1;')])
  expect([code, lines]).toEqual([
    1,
    ['goose run: error: found 1 missing migrations before current version 5:\n\tversion 4: migrations/000004_late.sql'],
  ])
})

test('an index that failed to build stays invalid, and IF NOT EXISTS records success over it', async () => {
  await postgres.query("INSERT INTO tasks (residence_id, title) VALUES (1, 'Task 1')")
  const build = concurrently('000003_unique.sql', 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS tasks_title ON tasks (title);')
  const first = await migrate([...migrations, build])
  expect(first.code).toBe(1)
  expect(first.lines[0]).toContain('(SQLSTATE 23505)')
  const valid = () => postgres.query("SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'tasks_title'::regclass")
  expect([await versions(), await valid()]).toEqual([[0, 1, 2], [{ valid: false }]])
  expect((await migrate([...migrations, build])).code).toBe(0)
  expect([await versions(), await valid()]).toEqual([[0, 1, 2, 3], [{ valid: false }]])
})

test('killed in a statement without a transaction: the server completes it, unrecorded', async () => {
  const killing = new AbortController()
  const slow = concurrently('000003_slow.sql', "INSERT INTO users (email) SELECT 'late@example.com' FROM pg_sleep(0.4);")
  const run = migrate([...migrations, slow], killing.signal)
  const active = () => postgres.query("SELECT pid FROM pg_stat_activity WHERE query LIKE 'INSERT INTO users%' AND state = 'active'")
  await expect.poll(active).toHaveLength(1)
  killing.abort()
  expect((await run).code).toBe(137)
  expect(await active()).toHaveLength(1)
  await expect.poll(() => postgres.query("SELECT email FROM users WHERE email LIKE 'late%'")).toHaveLength(1)
  expect(await versions()).toEqual([0, 1, 2])
})

test('an emptied search_path, as pg_dump writes it, breaks the insert into the version table; restrict lines do not parse', async () => {
  const dump = file('000003_dump.sql', "SELECT pg_catalog.set_config('search_path', '', false);")
  expect((await migrate([...migrations, dump])).lines[0]).toContain(
    'failed to insert new goose version: ERROR: relation "goose_db_version" does not exist (SQLSTATE 42P01)',
  )
  const restricted = file('000003_dump.sql', '\\restrict abc\nSELECT 1;')
  expect((await migrate([...migrations, restricted])).lines[0]).toContain('(SQLSTATE 42601)')
})
