import { expect, test } from 'vitest'
import { readMigrations } from '../../../src/lib/facts/db/goose-file.ts'
import { runningStatements } from '../../../src/lib/facts/db/running-statements.ts'
import type { Session } from '../../../src/lib/systems/postgres/types.ts'

const session = (query: string, more: Partial<Session> = {}): Session => ({
  pid: 7,
  backendStart: '2026-01-01 00:00:00',
  application: '',
  user: 'neondb_owner',
  database: 'honeyDue',
  clientAddress: null,
  state: 'active',
  wait: null,
  backendAge: 9,
  transactionAge: 9,
  stateAge: 9,
  query,
  blockedBy: [],
  wrote: false,
  snapshot: true,
  ...more,
})
const up = (sql: string, head = '') => `${head}-- +goose Up\n${sql}\n\n-- +goose Down\nSELECT 1;\n`
const runs = (text: string, query: string, more: Partial<Session> = {}) =>
  runningStatements([session(query, more)], readMigrations([{ name: '000003_a.sql', text }])).length === 1
/** Variables as goose replaces them. */
const [right, reader] = ['RIGHT', 'READER'].map((name) => `\${${name}}`)
const insert = 'INSERT INTO documents (residence_id, title)\nSELECT id, name FROM residences;'
const long = `UPDATE tasks SET title = CASE id ${Array.from({ length: 200 }, (_, i) => `WHEN ${i} THEN 'ü${i}--no comment'`).join(' ')} END;`

test.each([
  { kind: 'as it stands', text: up(insert), query: insert },
  { kind: 'a comment line before it', text: up(`-- give every residence its document\n${insert}`), query: insert },
  { kind: 'two comment lines and an empty one', text: up(`\n-- one\n\n-- two\n${insert}`), query: insert },
  { kind: 'comments within it', text: up(`-- one\n${insert.replace('\n', ' -- from\n/* of /* old */ */ ')}`), query: insert },
  {
    kind: 'a comment within it that the server has too',
    text: up(insert.replace('\n', '\n-- of\n')),
    query: insert.replace('\n', '\n-- of\n'),
  },
  { kind: 'a comment behind it', text: up(`${insert} -- done`), query: `${insert} -- done` },
  { kind: 'Windows lines', text: up(insert).replaceAll('\n', '\r\n'), query: insert },
  { kind: 'a text that looks like a comment', text: up("UPDATE tasks SET title = 'a--b';"), query: "UPDATE tasks SET title = 'a--b';" },
  {
    kind: 'several in one block',
    text: up(`-- +goose StatementBegin\n-- both\nSELECT 2;\nDROP TABLE x;\n-- +goose StatementEnd`),
    query: 'SELECT 2;\nDROP TABLE x;',
  },
  {
    kind: 'a function in dollar quotes',
    text: up('-- +goose StatementBegin\nDO $b$ BEGIN -- inside\n PERFORM 1; END $b$;\n-- +goose StatementEnd'),
    query: 'DO $b$ BEGIN -- inside\n PERFORM 1; END $b$;',
  },
  { kind: 'a short one', text: up('-- all\nVACUUM;', '-- +goose NO TRANSACTION\n'), query: 'VACUUM;' },
  {
    kind: 'one that the server has cut',
    text: up(`-- long\n${long}`),
    query: Buffer.from(long)
      .subarray(0, 1023)
      .toString()
      .replace(/\uFFFD$/, ''),
  },
  {
    kind: 'one that the server has cut in a comment',
    text: up(long.replace(' END', ' -- end\nEND').replace('WHEN 30 ', '-- the rest of them\nWHEN 30 ')),
    query: long
      .replace('WHEN 30 ', '-- the rest of them\nWHEN 30 ')
      .slice(0, long.indexOf('WHEN 30 ') + 10)
      .padEnd(1010),
  },
  {
    kind: "with the environment's values",
    text: up(`-- +goose ENVSUB ON\nGRANT SELECT ON tasks TO ${reader};\n-- +goose ENVSUB OFF`),
    query: 'GRANT SELECT ON tasks TO reporter;',
  },
  {
    kind: "with the environment's values twice",
    text: up(`-- +goose ENVSUB ON\nGRANT ${right} ON tasks TO ${reader};`),
    query: 'GRANT SELECT ON tasks TO reporter;',
  },
])('a statement of a file runs: $kind', ({ text, query }) => {
  expect(runs(text, query)).toBe(true)
})

test.each([
  { kind: 'another statement', text: up(insert), query: 'INSERT INTO documents (residence_id, title) VALUES (1, $1)' },
  { kind: 'the beginning of one, and not cut', text: up(insert), query: 'INSERT INTO documents (residence_id, title)' },
  { kind: 'more than one of it', text: up('DELETE FROM tasks WHERE id = 1;'), query: 'DELETE FROM tasks WHERE id = 12' },
  { kind: 'what every client asks', text: up('SELECT 1;'), query: 'SELECT 1' },
  { kind: 'nothing', text: up('SELECT 1;'), query: '' },
  { kind: 'another text in quotes', text: up("UPDATE tasks SET title = 'a -- b';"), query: "UPDATE tasks SET title = 'a -- c';" },
  { kind: 'another long one', text: up(long), query: `UPDATE tasks SET title = CASE id WHEN 1 ${long.slice(60)}`.slice(0, 1023) },
  {
    kind: "another one than with the environment's values",
    text: up(`-- +goose ENVSUB ON\nGRANT SELECT ON tasks TO ${reader};`),
    query: 'GRANT SELECT ON users TO reporter;',
  },
])('no statement of a file runs: $kind', ({ text, query }) => {
  expect(runs(text, query)).toBe(false)
})

test('one that has ended, and our own look at it, do not run', () => {
  expect([runs(up(insert), insert, { state: 'idle in transaction' }), runs(up(insert), insert, { application: 'honeydue' })]).toEqual([
    false,
    false,
  ])
})
