import { expect, test } from 'vitest'
import { loadGrammar } from '../../src/lib/sql/grammar.ts'
import { takesAway } from '../../src/lib/sql/takes-away.ts'

const judged = async (sql: string) => {
  const read = (await loadGrammar())(sql)
  if (!read.understood) throw new Error(read.because)
  return read.statements.map(({ node }) => takesAway(node))
}

test.each([
  'CREATE TABLE a (id int NOT NULL)',
  'ALTER TABLE tasks ADD COLUMN notes text',
  "ALTER TABLE tasks ADD COLUMN notes text NOT NULL DEFAULT ''",
  'ALTER TABLE tasks ALTER COLUMN title DROP NOT NULL',
  'ALTER TABLE tasks ALTER COLUMN title SET DEFAULT 1',
  'CREATE INDEX CONCURRENTLY due ON tasks (due_date)',
  'DROP INDEX due',
  'COMMENT ON TABLE tasks IS $$x$$',
  "SET lock_timeout = '5s'",
])('older code goes on after: %s', async (sql) => {
  expect(await judged(sql)).toEqual([undefined])
})

test.each([
  ['ALTER TABLE tasks ADD COLUMN rank int NOT NULL', 'tasks', /inserts without a value for rank/],
  ['ALTER TABLE tasks DROP COLUMN title', 'tasks', /drops the column title/],
  ['ALTER TABLE tasks ALTER COLUMN title TYPE int', 'tasks', /changes the type of title/],
  ['ALTER TABLE tasks ALTER COLUMN title SET NOT NULL', 'tasks', /may write null into title/],
  ['ALTER TABLE tasks ALTER COLUMN title DROP DEFAULT', 'tasks', /takes the default of title away/],
  ['ALTER TABLE tasks ADD CONSTRAINT c CHECK (id > 0)', 'tasks', /what the constraint refuses/],
  ['ALTER TABLE tasks RENAME COLUMN title TO name', 'tasks', /renames/],
  ['CREATE UNIQUE INDEX u ON tasks (title)', 'tasks', /what the unique index refuses/],
  ['DROP TABLE tasks', undefined, /drops/],
  ['UPDATE tasks SET title = NULL', 'tasks', /overwrote rows/],
  ['DELETE FROM tasks', 'tasks', /deleted rows/],
  ['TRUNCATE tasks', undefined, /not known/],
  ['DO $$ BEGIN END $$', undefined, /not known/],
  ['SELECT f()', undefined, /not known/],
])('older code may fail after: %s', async (sql, table, because) => {
  const [taken] = await judged(sql)
  expect(taken?.table).toBe(table)
  expect(taken?.because).toMatch(because)
})
