import { expect, test } from 'vitest'
import { folderRefusal, readMigrations } from '../../../src/lib/facts/db/goose-file.ts'

const up = '-- +goose Up\nSELECT 1;\n'
const named = (...names: readonly string[]) => names.map((name) => ({ name, text: up }))

test.each([
  [['000001_a.sql', '000002_b.sql', 'README.md', 'helper.go', '000002_b_test.go'], undefined],
  [[], undefined],
  [['000003_a.sql', '000003_b.sql'], 'goose: duplicate version 3 detected: migrations/000003_b.sql migrations/000003_a.sql'],
  [['000003_a.sql', '3_b.sql'], 'goose: duplicate version 3 detected: migrations/3_b.sql migrations/000003_a.sql'],
  [['000003_a.sql', '000003_a.go'], 'goose: duplicate version 3 detected: migrations/000003_a.sql migrations/000003_a.go'],
  [['000001_a.sql', 'seed.sql'], 'could not parse SQL migration file "migrations/seed.sql": no filename separator \'_\' found'],
  [['.hidden.sql', '000001_a.sql'], 'could not parse SQL migration file "migrations/.hidden.sql": no filename separator \'_\' found'],
  [['000000_a.sql'], 'could not parse SQL migration file "migrations/000000_a.sql": migration version must be greater than zero'],
])('a folder with %j', (names, refusal) => {
  expect(folderRefusal(named(...names))).toBe(refusal)
})

test('by number, timestamps too, and what is no migration left out', () => {
  const files = readMigrations(named('20240101120000_notes.sql', '000010_b.sql', '9_a.sql', 'notes.txt', '9223372036854775807_last.sql'))
  expect(files.map(({ version }) => version)).toEqual([9n, 10n, 20240101120000n, 9223372036854775807n])
})

test.each([
  ['000004_backfill.go', 'package migrations', 'Go functions must be registered'],
  ['000003_a.sql', `\ufeff${up}`, 'unexpected state 0 on line "\\ufeff-- +goose Up"'],
  ['000003_a.sql', ` ${up}`, 'contains leading whitespace'],
  ['000003_a.sql', `${up}-- +goose Up\n`, "duplicate '-- +goose Up' annotations"],
  ['000003_a.sql', '-- +goose Up\nSELECT 1\n', 'missing semicolon?'],
  ['000003_a.sql', '-- +goose Up\nSELECT 1;\n/* the end */\n', 'missing semicolon?'],
  ['000003_a.sql', '-- +goose StatementBegin\nSELECT 1;\n-- +goose StatementEnd\n', 'must be defined after'],
  ['000003_a.sql', 'SELECT 1;\n', 'unexpected state 0'],
])('a file that goose refuses, %s: it has no statements, and its words', (name, text, words) => {
  const [file] = readMigrations([{ name, text }])
  expect(file).toMatchObject({ statements: [], refusal: expect.stringContaining(words) })
})

test.each([
  ["INSERT INTO t VALUES (1, 'a--b');\nDROP TABLE documents;", ["INSERT INTO t VALUES (1, 'a--b');", 'DROP TABLE documents;']],
  ['SELECT 1;--done\nSELECT 2;', ['SELECT 1;--done\nSELECT 2;']],
  ['-- why\n\n-- and how\nSELECT 1;', ['SELECT 1;']],
  ['-- +goose StatementBegin\n-- +goose StatementEnd\nDROP TABLE documents;\nSELECT 2;', ['', 'SELECT 2;']],
])('what goose sends of %j', (sql, statements) => {
  expect(readMigrations([{ name: '000003_a.sql', text: `-- +goose Up\n${sql}\n` }])[0]).toMatchObject({ statements })
})
