import { expect, test } from 'vitest'
import { readMigrations } from '../../../src/lib/facts/db/goose-file.ts'
import { plainVersion, stateOf } from '../../../src/lib/facts/db/migration-state.ts'

const files = (...names: readonly string[]) => readMigrations(names.map((name) => ({ name, text: '-- +goose Up\nSELECT 1;\n' })))
const table = (...versions: readonly bigint[]) => ({
  exists: true,
  schema: 'public',
  applied: versions.map((version) => ({ version, at: '2026-01-01 00:00:00' })),
  denied: [],
  elsewhere: [],
  tables: 6,
})
const gaps = (...names: readonly string[]) => stateOf(table(), files(...names)).gaps

test.each([
  { kind: 'a counter', names: ['000001_a.sql', '000002_b.sql', '000003_c.sql', '000005_e.sql'], missing: [4n] },
  { kind: 'a counter that lacks several', names: ['1_a.sql', '2_b.sql', '3_c.sql', '4_d.sql', '8_h.sql'], missing: [5n, 6n, 7n] },
  { kind: 'steps of ten', names: ['000010_a.sql', '000020_b.sql', '000030_c.sql'], missing: [] },
  { kind: 'a timestamp after a counter', names: ['000001_a.sql', '000002_b.sql', '20240101120000_notes.sql'], missing: [] },
  { kind: 'dates', names: ['20240101_a.sql', '20240105_b.sql'], missing: [] },
  { kind: 'short dates', names: ['240101_a.sql', '240105_b.sql', '240106_c.sql'], missing: [] },
  { kind: 'years with a counter', names: ['2024001_a.sql', '2024003_c.sql'], missing: [] },
  { kind: 'the last number of int64', names: ['1_a.sql', '9223372036854775807_z.sql'], missing: [] },
])('numbers that are missing: $kind', ({ names, missing }) => {
  expect(gaps(...names)).toEqual(missing)
})

test('two versions beyond what a number keeps exactly are two, in their order', () => {
  const [one, other] = ['20240101120000123_one.sql', '20240101120000124_other.sql']
  const { pending, current } = stateOf(table(1n, 20240101120000123n), files('000001_a.sql', other, one))
  expect([current, pending.map(({ name }) => name)]).toEqual([20240101120000123n, [other]])
  expect([plainVersion(7n), plainVersion(20240101120000n), plainVersion(20240101120000123n)]).toEqual([
    7,
    20240101120000,
    '20240101120000123',
  ])
})

test.each([
  ['a comment before it', '-- SPDX-License-Identifier: MIT\n-- +goose Up\nSELECT 1;\n', 0],
  ['a comment within, other blanks, another way down', '-- +goose Up\n-- one\nSELECT  /* the */ 1;\n-- +goose Down\nSELECT 2;\n', 0],
  ['another statement', '-- +goose Up\nSELECT 2;\n', 1],
  ['no transaction any more', '-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\n', 1],
  ['a text that differs in its blanks', "-- +goose Up\nSELECT 'a  b';\n", 1],
])('an applied file that was changed later: %s', (_, text, edited) => {
  const now = readMigrations([{ name: '000001_a.sql', text }])
  const earlier = new Map(files('000001_a.sql').map((file) => ['was', file]))
  const change = { name: '000001_a.sql', commit: 'abc', at: '2026-02-01T00:00:00.000Z', before: 'was', after: 'is' }
  expect(stateOf(table(1n), now, [change], earlier).edited).toHaveLength(edited)
})
