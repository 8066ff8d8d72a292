import { afterAll, expect, test } from 'vitest'
import { scratchServer } from '../../src/lib/postgres-server/scratch.ts'
import { scratchServers } from '../support/worlds.ts'

const scratch = scratchServer({ servers: scratchServers })
afterAll(() => scratch.stop())

const world = [
  'CREATE TABLE users (id int PRIMARY KEY, name text)',
  'CREATE TABLE tasks (id int PRIMARY KEY, title text, owner int CONSTRAINT tasks_owner_fkey REFERENCES users)',
  'CREATE INDEX tasks_title ON tasks (title)',
  'CREATE TABLE audit (what text)',
  'CREATE VIEW titles AS SELECT title FROM tasks',
  "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO audit VALUES ('x'); TRUNCATE audit; RETURN NEW; END$$",
  'CREATE TRIGGER noted AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION noted()',
  'CREATE FUNCTION widen() RETURNS int LANGUAGE plpgsql AS $$BEGIN ALTER TABLE tasks ALTER id TYPE bigint; RETURN 1; END$$',
  'CREATE PROCEDURE sweep() LANGUAGE plpgsql AS $$BEGIN ALTER TABLE tasks DROP COLUMN title CASCADE; END$$',
]
const block = (sql: string) => `-- +goose StatementBegin\n${sql};\n-- +goose StatementEnd\n`
const run = async (sqls: readonly string[], top = '') => {
  const text = `${top}-- +goose Up\n${sqls.map(block).join('')}`
  const done = await scratch.attempt({
    user: 'neondb_owner',
    before: world,
    files: [{ name: '1_a.sql', text }],
    ask: 'SELECT 1',
    measure: true,
  })
  expect(done).toMatchObject({ code: 0 })
  return done.measured
}
const nothing = { rewrites: [], emptied: [], scans: [], dropped: [] }
const strong = (locks: readonly { readonly table: string; readonly mode: string }[] | undefined) =>
  locks
    ?.filter(({ mode }) => !/^(Access|Row)Share$/.test(mode))
    .map(({ table, mode }) => `${mode} ${table}`)
    .sort()

test.each<[string, string, readonly string[], object]>([
  [
    'a DO block',
    'DO $$BEGIN DROP TABLE tasks CASCADE; END$$',
    ['AccessExclusive tasks', 'AccessExclusive titles', 'AccessExclusive users'],
    {
      dropped: [
        { kind: 'table', name: 'tasks' },
        { kind: 'view', name: 'titles' },
      ],
    },
  ],
  ['a DO block that empties', 'DO $$BEGIN TRUNCATE audit; END$$', ['AccessExclusive audit', 'Share audit'], { emptied: ['audit'] }],
  [
    'a DO block that empties and says that it rewrites',
    `DO $$BEGIN RAISE DEBUG 'rewriting table "audit"'; TRUNCATE audit; END$$`,
    ['AccessExclusive audit', 'Share audit'],
    { emptied: ['audit'] },
  ],
  [
    'what a DO block builds from text',
    "DO $$BEGIN EXECUTE 'CREATE INDEX ON ta' || 'sks (owner)'; END$$",
    ['Share tasks'],
    { scans: ['tasks'] },
  ],
  [
    'a DO block that runs through rows',
    'DO $$DECLARE r record; BEGIN FOR r IN SELECT * FROM tasks LOOP DROP TABLE audit; END LOOP; END$$',
    [],
    {},
  ],
  [
    'a CALL',
    'CALL sweep()',
    ['AccessExclusive tasks', 'AccessExclusive titles'],
    {
      dropped: [
        { kind: 'column', name: 'tasks.title' },
        { kind: 'index', name: 'tasks_title' },
        { kind: 'view', name: 'titles' },
      ],
    },
  ],
  [
    'a trigger',
    "INSERT INTO users VALUES (1, 'x')",
    ['AccessExclusive audit', 'RowExclusive audit', 'RowExclusive users', 'Share audit'],
    { emptied: ['audit'] },
  ],
  [
    'CASCADE',
    'DROP TABLE users CASCADE',
    ['AccessExclusive tasks', 'AccessExclusive users'],
    {
      dropped: [
        { kind: 'constraint', name: 'tasks.tasks_owner_fkey' },
        { kind: 'table', name: 'users' },
      ],
    },
  ],
  ['a change of the session', "SELECT set_config('client_min_messages', 'error', false)", [], {}],
])('%s: its locks and what it takes away are seen', async (_, sql, locks, seen) => {
  const [one] = await run([sql])
  const { file, at, locks: held, ...rest } = one ?? { file: '', at: -1 }
  const sorted = { ...rest, dropped: [...('dropped' in rest ? rest.dropped : [])].sort((a, b) => a.kind.localeCompare(b.kind)) }
  expect([file, at, strong(held), sorted]).toEqual(['1_a.sql', 0, locks, { ...nothing, ...seen }])
})

test('a function of its own that rewrites; another statement after it holds the same, and did nothing', async () => {
  const measured = await run(['DROP VIEW titles', 'SELECT widen()', 'DO $$BEGIN END$$'])
  expect(measured.map(({ rewrites, emptied }) => [rewrites, emptied])).toEqual([
    [[], []],
    [['tasks'], []],
    [[], []],
  ])
  expect(measured.map(({ locks }) => strong(locks))).toEqual([
    ['AccessExclusive titles'],
    ['AccessExclusive tasks', 'AccessExclusive titles', 'Share tasks'],
    ['AccessExclusive tasks', 'AccessExclusive titles', 'Share tasks'],
  ])
})

test('what is made again under its name is not gone, what the files made themselves never was there, and a renamed thing is there', async () => {
  const measured = await run([
    'ALTER TABLE tasks ALTER owner TYPE bigint',
    'CREATE TABLE mine (id int)',
    'ALTER TABLE mine ALTER id TYPE bigint',
    'DROP TABLE mine',
    'ALTER INDEX tasks_title RENAME TO other',
    'DO $$BEGIN DROP TABLE audit; CREATE TABLE audit (what text); END$$',
  ])
  expect(measured.map(({ dropped, rewrites }) => [rewrites, dropped.map(({ name }) => name)])).toEqual([
    [['tasks'], []],
    [[], []],
    [[], []],
    [[], []],
    [[], []],
    [[], ['audit']],
  ])
})

test('without a transaction what is gone is seen, and its locks are not said to be none', async () => {
  const measured = await run(
    ['CREATE INDEX CONCURRENTLY i ON tasks (owner)', 'CALL sweep()', 'VACUUM FULL audit'],
    '-- +goose NO TRANSACTION\n',
  )
  expect(measured.map(({ locks, dropped }) => [locks, dropped.map(({ name }) => name).sort()])).toEqual([
    [undefined, []],
    [undefined, ['tasks.title', 'tasks_title', 'titles']],
    [undefined, []],
  ])
})

test('being watched changes nothing for the file: it may still choose its isolation, and put what it likes first in its search path', async () => {
  const measured = await run([
    "SET LOCAL lock_timeout = '5s'",
    'LOCK TABLE audit IN ACCESS EXCLUSIVE MODE',
    'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    "CREATE SCHEMA s; CREATE TABLE s.pg_class (x int); CREATE FUNCTION s.coalesce(text) RETURNS text LANGUAGE sql AS 'SELECT 1::text'; SET LOCAL search_path = s, pg_catalog",
    'DO $$BEGIN DROP TABLE public.audit; END$$',
    'SET LOCAL search_path = public',
  ])
  expect(measured.map(({ dropped }) => dropped.map(({ name }) => name))).toEqual([[], [], [], [], ['audit'], []])
})

test('where the watching ends, the attempt has no answer, and no word about the file', async () => {
  const cut = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = current_user'
  const files = [{ name: '1_a.sql', text: `-- +goose Up\n${cut};\nSELECT 1;\n` }]
  const ended = scratch.attempt({ user: 'neondb_owner', before: world, files, ask: 'SELECT 1', measure: true })
  expect(await ended).toMatchObject({ ended: expect.stringContaining('what its statements do could not be read') })
})
