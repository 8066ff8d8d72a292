import { expect, test } from 'vitest'
import { failureOf } from '../../../src/lib/facts/db/goose-failure.ts'
import { leavesNothing, leavesObjects } from '../../../src/lib/facts/db/leaves-objects.ts'
import { takeAway } from '../../../src/lib/facts/db/take-away.ts'

test.each([
  'CREATE TABLE shares (id int)',
  "-- who shares\nCREATE TABLE IF NOT EXISTS shares (note text DEFAULT 'a; b')",
  'CREATE UNIQUE INDEX CONCURRENTLY i ON tasks (title);',
  'CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;',
  'ALTER TABLE tasks ADD COLUMN rank int, DROP COLUMN title;',
  'ALTER TABLE ONLY public.tasks ADD CONSTRAINT c CHECK (id > 0) NOT VALID',
  'ALTER TABLE tasks ALTER COLUMN due_date TYPE timestamptz USING due_date::timestamptz',
  'ALTER TABLE tasks RENAME COLUMN title TO name',
  "ALTER TYPE state ADD VALUE 'late'",
  'DROP TABLE IF EXISTS documents CASCADE',
  'ALTER TABLE events ATTACH PARTITION events_2025 FOR VALUES IN (1)',
])('objects tell whether it has run: %s', (sql) => {
  expect(leavesObjects(sql)).toBe(true)
})

test.each([
  'UPDATE tasks SET rank = 1',
  'INSERT INTO tasks DEFAULT VALUES',
  'WITH gone AS (DELETE FROM tasks RETURNING id) SELECT * FROM gone',
  'SELECT wipe()',
  'DO $$ BEGIN CREATE TABLE x (id int); END $$',
  'ALTER TABLE tasks ENABLE ROW LEVEL SECURITY',
  'ALTER TABLE tasks ADD COLUMN a int, ENABLE ROW LEVEL SECURITY',
  'ALTER TABLE tasks OWNER TO somebody',
  'ALTER TABLE tasks SET (fillfactor = 70)',
  'ALTER TABLE tasks ALTER COLUMN title SET STATISTICS 500',
  'CREATE POLICY own ON tasks USING (true)',
  'GRANT SELECT ON tasks TO reporter',
  'REVOKE ALL ON tasks FROM public',
  "COMMENT ON TABLE tasks IS 'x'",
  'CREATE ROLE reporter',
  'CREATE TEMP TABLE x (id int)',
  'VACUUM tasks',
  'CALL fill()',
  'TRUNCATE tasks',
  'CREATE TABLE a (id int); UPDATE tasks SET rank = 1',
  'SET ROLE somebody',
  'COPY tasks FROM stdin',
])('no object tells whether it has run: %s', (sql) => {
  expect([leavesObjects(sql), leavesNothing(sql)]).toEqual([false, false])
})

test('a setting of the session leaves nothing', () => {
  expect(["SET lock_timeout = '5s';", 'SET search_path TO app', 'RESET statement_timeout'].map(leavesNothing)).toEqual([true, true, true])
})

test("the statement that failed, out of goose's quotes", () => {
  const line = String.raw`2026/01/01 00:00:00 goose run: ERROR 000003_a.sql: failed to run SQL migration: failed to execute SQL query "UPDATE tasks SET title = \"é\\n\a\"\n\tWHERE id = 1;": ERROR: x (SQLSTATE 22012)`
  expect(failureOf(['before', line])).toMatchObject({
    file: '000003_a.sql',
    sqlState: '22012',
    statement: 'UPDATE tasks SET title = "é\\n\u0007"\n\tWHERE id = 1;',
  })
  expect(failureOf([line.replace(/"UPDATE.*"/, '"cut off')])?.statement).toBeUndefined()
})

test('what takes away what a file has made goes in the order of what depends on what', () => {
  const made = (what: string, there = 'x') => ({ what, here: undefined, there })
  expect(
    takeAway([
      made('column shares.id'),
      made('column tasks.Rank'),
      made('constraint shares_pkey of shares'),
      made('constraint tasks_rank_check of tasks'),
      made('index tasks_rank of app.tasks'),
      made('table shares'),
      made('function f(integer)'),
      made('view ranked'),
      { what: 'column tasks.title', here: 'text', there: undefined },
      { what: 'column tasks.due_date', here: 'date', there: 'text' },
    ]),
  ).toEqual({
    statements: [
      'DROP VIEW ranked;',
      'ALTER TABLE tasks DROP CONSTRAINT tasks_rank_check;',
      'DROP INDEX app.tasks_rank;',
      'ALTER TABLE tasks DROP COLUMN "Rank";',
      'DROP TABLE shares;',
      'DROP ROUTINE f(integer);',
    ],
    words: ['column tasks.title is gone: it comes back only from the history at Neon', 'column tasks.due_date was "date" and is "text"'],
  })
})
