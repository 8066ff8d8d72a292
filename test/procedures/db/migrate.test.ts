import { execFileSync } from 'node:child_process'
import { readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderPlan } from '../../../src/lib/cli/render-plan.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { migrate } from '../../../src/lib/procedures/db/migrate.ts'
import { image } from '../../../src/lib/sandbox/deployment/facts.ts'
import { contextOf } from '../../support/context.ts'
import { migrationWorlds, nextImage } from '../../support/migration-worlds.ts'
import { jobBecomes, release, startJob } from '../../support/migrations.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems } = useSystems(sandbox)

test('a migration that destroys: what goes stands first, who still reads it, what is locked how long, and the way back', async () => {
  await migrationWorlds['a column that goes'](sandbox())
  const { plan } = await prepare(migrate, { image: nextImage, rehearse: false }, systems(), contextOf(sandbox().environment))
  expect(plan.steps[1]?.effect.map(({ what, after, note }) => [what, after, note])).toEqual([
    ['goose_db_version', '3', undefined],
    ['000003: ALTER TABLE tasks DROP COLUMN title', 'run: destroys, blocks reads and writes of tasks', 'tasks has 100 rows, 8 kB'],
    ['000003: UPDATE tasks SET name = title', 'run: destroys, blocks no reads or writes of tasks', 'tasks has 100 rows, 8 kB'],
    [
      "000003: ALTER TABLE tasks ADD COLUMN name text NOT NULL DEFAULT ''",
      'run: blocks reads and writes of tasks',
      'tasks has 100 rows, 8 kB',
    ],
  ])
  expect([plan.risk, plan.blocked]).toEqual(['irreversible', []])
  const printed = renderPlan(plan, paint(false)).replace(/\s+/g, ' ')
  expect(printed).toContain(`what of it ${image('api')} reads fails from then on; honeydue db:restore-point makes the way back`)
  expect(printed).toContain('000003_name.sql: one transaction a file, and what its statements lock stays locked until its end')
  expect(printed).toContain('rollout restart deploy/api deploy/worker')
})

test('a rollback to an image from before: nothing is pending, and the schema is ahead of it', async () => {
  await migrationWorlds['two files pending'](sandbox())
  await startJob(sandbox(), nextImage)
  await jobBecomes(sandbox(), 'Complete')
  const { plan } = await prepare(migrate, { image: image('api'), rehearse: false }, systems(), contextOf(sandbox().environment))
  expect([plan.steps, plan.beyond[0]]).toEqual([
    [],
    `The schema is ahead of ${image('api')}, which has no file for version 3, 4: rolled back to, it runs on a schema it does not know`,
  ])
})

test.each([
  [
    'two files of one number',
    { '000003_a.sql': '-- +goose Up\nSELECT 1;\n', '000003_b.sql': '-- +goose Up\nSELECT 1;\n' },
    'goose refuses all files of the image',
  ],
  [
    'a Go file between',
    { '000003_backfill.go': 'package migrations\n', '000004_b.sql': '-- +goose Up\nSELECT 1;\n' },
    'goose stops at 000003_backfill.go',
  ],
  ['a byte order mark', { '000003_a.sql': '\ufeff-- +goose Up\nSELECT 1;\n' }, 'goose stops at 000003_a.sql'],
])('what goose refuses is refused without a rehearsal: %s', async (_, files, because) => {
  const asked = { image: await release(sandbox(), 'cccc009', files), rehearse: false }
  const { plan } = await prepare(migrate, asked, systems(), contextOf(sandbox().environment))
  expect(plan.blocked).toEqual([expect.stringContaining(because)])
})

test('a licence written over an applied file is no edit of it', async () => {
  const init = await readFile(join(sandbox().environment.checkout, 'migrations/000001_init.sql'), 'utf8')
  const asked = {
    image: await release(sandbox(), 'cccc010', { '000001_init.sql': `-- SPDX-License-Identifier: MIT\n${init}` }),
    rehearse: false,
  }
  const { plan } = await prepare(migrate, asked, systems(), contextOf(sandbox().environment))
  expect([plan.steps, plan.blocked]).toEqual([[], []])
})

const blocked = async (tag: string, sql: string) => {
  const asked = { image: await release(sandbox(), tag, { '000003_a.sql': sql }), rehearse: false }
  const { plan } = await prepare(migrate, asked, systems(), contextOf(sandbox().environment))
  return {
    blocked: plan.blocked,
    felt: plan.steps
      .at(-1)
      ?.effect.slice(1)
      .map(({ what, after }) => [what, after]),
    beyond: plan.beyond,
  }
}

test('what PostgreSQL refuses in a transaction, or beside another statement, is said without a rehearsal', async () => {
  const build = 'CREATE INDEX CONCURRENTLY i ON tasks (title);'
  expect((await blocked('cccc011', `-- +goose Up\n${build}\n`)).blocked).toEqual([expect.stringContaining('-- +goose NO TRANSACTION')])
  const block = `-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\nSELECT 1; ${build}\n-- +goose StatementEnd\n`
  expect((await blocked('cccc012', block)).blocked).toEqual([expect.stringContaining('it needs a block of its own')])
  expect((await blocked('cccc013', `-- +goose NO TRANSACTION\n-- +goose Up\n${build}\nVACUUM tasks;\n`)).blocked).toEqual([])
})

test('every statement of a block is judged, and what is not known is said', async () => {
  const several = "SELECT 'up'; ALTER TABLE tasks ALTER COLUMN title TYPE int USING 1; DROP TABLE documents; DO $$BEGIN END$$;"
  const { felt } = await blocked('cccc014', `-- +goose Up\n-- +goose StatementBegin\n${several}\n-- +goose StatementEnd\n`)
  expect(felt).toEqual([
    ['000003: DROP TABLE documents', 'run: destroys, blocks reads and writes of documents, residences'],
    ['000003: ALTER TABLE tasks ALTER COLUMN title TYPE int USING 1', 'run: rewrites every row, blocks reads and writes of tasks'],
    ['000003: DO $$BEGIN END$$', 'run: not known: what its block does is not known'],
    ["000003: SELECT 'up'", 'run: nobody waits'],
  ])
})

test('a build without locks: whoever has an older snapshot of any table is named before it runs', async () => {
  const build = '-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY i ON tasks (title);\n'
  const { port, user, database, password, ca, directHost } = sandbox().postgres
  const reader = new Client({
    host: '127.0.0.1',
    port,
    user,
    database,
    password,
    application_name: 'report',
    ssl: { ca, servername: directHost },
  })
  await reader.connect()
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM users')
  const aged = async () =>
    (
      await sandbox().postgres.query(
        "SELECT FROM pg_stat_activity WHERE application_name = 'report' AND xact_start < now() - interval '1.1 s'",
      )
    ).length
  await expect.poll(aged, { timeout: 10_000 }).toBe(1)
  const { beyond } = await blocked('cccc015', build)
  await reader.end()
  expect(beyond.join('\n')).toMatch(
    /\(report\) has had a transaction open for \d+ s: what is built CONCURRENTLY waits for its end, whatever table it reads/,
  )
})

const felt = ({ steps }: Awaited<ReturnType<typeof rehearsed>>) =>
  steps
    .at(-1)
    ?.effect.slice(1)
    .map(({ what, after }) => [what.replace(/^\d+: /, ''), after.replace(/^run: /, '')])

const rehearsed = async (tag: string, sql: string) => {
  const asked = { image: await release(sandbox(), tag, { '000003_a.sql': `-- +goose Up\n${sql}\n` }), rehearse: true }
  return (await prepare(migrate, asked, systems(), contextOf(sandbox().environment))).plan
}

test('a rehearsal has the live schema, its partitions, policies, roles and owners, and says where it has no answer', async () => {
  const { query } = sandbox().postgres
  await query(`CREATE ROLE reporter; CREATE ROLE other; CREATE TABLE theirs (id int); ALTER TABLE theirs OWNER TO other;
    CREATE TABLE events (at date) PARTITION BY RANGE (at); CREATE POLICY mine ON documents USING (true);
    ALTER TABLE events OWNER TO neondb_owner; CREATE VIEW z AS SELECT id FROM tasks; CREATE VIEW a AS SELECT id FROM z;
    CREATE MATERIALIZED VIEW counts AS SELECT id FROM a; CREATE UNIQUE INDEX counts_id ON counts (id)`)
  const good = 'CREATE TABLE e1 PARTITION OF events DEFAULT;\nDROP POLICY mine ON documents;\nGRANT SELECT ON tasks TO reporter;'
  expect((await rehearsed('cccc016', good)).blocked).toEqual([])
  expect((await rehearsed('cccc017', 'ALTER TABLE theirs ADD x int;')).blocked).toEqual([expect.stringContaining('(SQLSTATE 42501)')])
  const needsRows = "INSERT INTO documents (residence_id, title) VALUES (1, 'x');"
  expect((await rehearsed('cccc018', needsRows)).blocked).toEqual([expect.stringContaining('not rehearsed because a file needs rows')])
  await query('DROP OWNED BY other; DROP ROLE other; DROP ROLE reporter')
})

test('what a rehearsal saw beyond the text stands in the plan, the heaviest first; what it did not see either stays not known', async () => {
  const { query } = sandbox().postgres
  await query(`CREATE TABLE audit (what text); CREATE VIEW titles AS SELECT title FROM tasks; CREATE INDEX tasks_title ON tasks (title);
    CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO audit VALUES ('x'); RETURN NEW; END$$;
    CREATE TRIGGER noted AFTER INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION noted();
    CREATE FUNCTION widen() RETURNS int LANGUAGE plpgsql AS $$BEGIN ALTER TABLE documents ALTER title TYPE char(300); RETURN 1; END$$;
    CREATE PROCEDURE sweep() LANGUAGE plpgsql AS $$BEGIN TRUNCATE audit; END$$;
    ALTER TABLE audit OWNER TO neondb_owner; ALTER VIEW titles OWNER TO neondb_owner`)
  const block = (sql: string) => `-- +goose StatementBegin\n${sql};\n-- +goose StatementEnd`
  const sqls = [
    "INSERT INTO users (email) VALUES ('a@example.com')",
    'UPDATE users SET email = email',
    'SELECT widen()',
    'CALL sweep()',
    'ALTER TABLE tasks DROP COLUMN title CASCADE',
    'DO $$BEGIN DROP TABLE audit; END$$',
    'DO $$DECLARE r record; BEGIN FOR r IN SELECT * FROM tasks LOOP DROP TABLE users; END LOOP; END$$',
    "SELECT 'x'; DROP TABLE documents; DO $$BEGIN LOCK TABLE users; END$$",
  ]
  const plan = await rehearsed('cccc020', sqls.map(block).join('\n'))
  expect(plan.blocked).toEqual([])
  expect(felt(plan)).toEqual([
    ['CALL sweep()', 'measured without rows: destroys, empties or rewrites audit, blocks reads and writes of audit'],
    [
      'UPDATE users SET email = email',
      'destroys, blocks no reads or writes of users, not known: what the triggers of users do is not known',
    ],
    ['DO $$BEGIN DROP TABLE audit; END$$', 'measured without rows: destroys, drops table audit'],
    [
      'ALTER TABLE tasks DROP COLUMN title CASCADE',
      'destroys, blocks reads and writes of tasks, titles, measured without rows: drops view titles, index tasks_title',
    ],
    ['DROP TABLE documents', 'destroys, blocks reads and writes of documents, residences'],
    ['SELECT widen()', 'measured without rows: rewrites every row of documents, blocks reads and writes of documents'],
    ['DO $$BEGIN LOCK TABLE users; END$$', 'measured without rows: blocks reads and writes of users'],
    [
      "INSERT INTO users (email) VALUES ('a@example.com')",
      'blocks no reads or writes of users, measured without rows: may change rows of audit',
    ],
    [
      'DO $$DECLARE r record; BEGIN FOR r IN SELECT * FROM tasks LOOP DROP TABLE users; END LOOP; END$$',
      'not known: what its block does is not known',
    ],
    ["SELECT 'x'", 'nobody waits'],
  ])
  expect(plan.beyond.join('\n')).toMatch(/It destroys \(.*CALL sweep\(\).*\)/)
})

test('without a transaction a rehearsal sees what is gone, and says that it did not see the locks', async () => {
  const files = {
    '000003_a.sql':
      '-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\nDO $$BEGIN DROP TABLE documents; END$$;\n-- +goose StatementEnd\nDO $$BEGIN END$$;\n',
  }
  const asked = { image: await release(sandbox(), 'cccc021', files), rehearse: true }
  const { plan } = await prepare(migrate, asked, systems(), contextOf(sandbox().environment))
  expect(felt(plan)).toEqual([
    ['DO $$BEGIN DROP TABLE documents; END$$', 'measured without rows: destroys, drops table documents, its locks were not measured'],
    ['DO $$BEGIN END$$', 'not known: what its block does is not known'],
  ])
})

test.each(['/etc/passwd', '/', '/dev/zero', 'a\n-- +goose Up\nDROP TABLE tasks;'])(
  'a migration that is a link to %j is followed nowhere: the plan is refused',
  async (target) => {
    const { checkout } = sandbox().environment
    await symlink(target, join(checkout, 'migrations/000003_link.sql'))
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-C', checkout, '-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args])
    git('add', 'migrations')
    git('commit', '-q', '-m', 'link')
    git('tag', 'cccc022')
    const asked = { image: image('api', 'cccc022'), rehearse: true }
    const { plan } = await prepare(migrate, asked, systems(), contextOf(sandbox().environment))
    expect(plan.blocked[0]).toContain(`000003_link.sql is a link to ${target}: goose follows it in the image`)
    expect(JSON.stringify([plan.steps.map(({ title }) => title), plan.beyond])).not.toMatch(/root:|DROP TABLE/)
  },
)
