import { Chalk } from 'chalk'
import { expect, test } from 'vitest'
import { jsonText, shown, shownInBrief, shownLines } from '../../src/lib/cli/shown.ts'
import { renderTable } from '../../src/lib/cli/table.ts'
import { columnsOf, cut, hang, wrap } from '../../src/lib/cli/wrap.ts'
import { rawControls } from '../support/hostile.ts'

const coloured = new Chalk({ level: 3 })

test('what a terminal would obey is seen instead, and what people write stays', () => {
  expect(shown('\u001b[2J\u009b1A\u0007\u007f\r\n\t\u202e\u2066\u200b\ufeff\u2028')).toBe(
    '\\x1b[2J\\x9b1A\\x07\\x7f\\r\\n\\t\\u202e\\u2066\\u200b\\ufeff\\u2028',
  )
  expect(shown('\ud83d \u{e0041} \u{1d173}')).toBe('\\ud83d \\u{e0041} \\u{1d173}')
  expect(shown('Grüße, 世界, 🙂, naïve, Ω, кириллица, \\x1b')).toBe('Grüße, 世界, 🙂, naïve, Ω, кириллица, \\x1b')
  expect(shownLines('one\ntwo\r\u001b')).toBe('one\ntwo\\r\\x1b')
})

test('no control of Unicode gets through, in text or in JSON, whose value stays the same', () => {
  for (let point = 0; point <= 0x10ffff; point++) {
    if (point === 0x3000) point = 0xd800
    if (point === 0xe100) point = 0xfe00
    if (point === 0x10000) point = 0x11000
    if (point === 0x14000) point = 0x1bc00
    if (point === 0x1e000) point = 0xe0000
    if (point === 0xe1000) break
    const sign = String.fromCodePoint(point)
    if (rawControls(shown(sign)).length > 0) throw new Error(`U+${point.toString(16)} is shown as it is`)
    const text = jsonText({ [sign]: sign })
    if (rawControls(text.replaceAll('\n', '')).length > 0) throw new Error(`U+${point.toString(16)} is in the JSON as it is`)
    if (JSON.parse(text)[sign] !== sign) throw new Error(`U+${point.toString(16)} is another one in the JSON`)
  }
})

test('a megabyte is told by its ends', () => {
  const text = shownInBrief(`begin${'x'.repeat(1_000_000)}end`)
  expect(text.length).toBeLessThan(1600)
  expect(text).toMatch(/^begin.* … 998508 characters … .*end$/)
})

const host = 'ep-floral-truth-amttbc5a-pooler.c-5.us-east-1.aws.neon.tech'
const samples = [
  'pg_advisory_lock(4711) held by honeydue-api through the pooler',
  host,
  '世界'.repeat(30),
  '🙂'.repeat(50),
  'x'.repeat(300),
  '',
  'a',
  'Überprüfung '.repeat(9),
  '\u001b[31mred\u001b[39m\r\n',
]

test('no table of any shape is wider than the terminal, with colour and without', () => {
  for (const chalk of [new Chalk({ level: 0 }), coloured]) {
    for (const count of [2, 5, 9]) {
      for (let from = 0; from < samples.length; from += 3) {
        const row = (at: number) => Array.from({ length: count }, (_, i) => samples[(i * 5 + at) % samples.length] ?? '')
        const columns = Array.from({ length: count }, (_, i) => ['application', 'since', 'holder', ''][i % 4] ?? '')
        for (const limit of [80, 133]) {
          const text = renderTable({ title: `A title of ${'many '.repeat(30)}words`, columns, rows: [row(from), row(from + 3)] }, chalk, {
            limit,
          })
          expect(Math.max(...text.split('\n').map(columnsOf))).toBeLessThanOrEqual(limit)
          expect(rawControls(text.replaceAll('\n', ''))).toEqual([])
          // No style is left open at the end of a line, or cut in its middle.
          for (const line of text.split('\n')) {
            // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
            expect((line.match(/\u001b\[1m/g) ?? []).length).toBe((line.match(/\u001b\[22m/g) ?? []).length)
          }
        }
      }
    }
  }
})

test('ideographs and emoji count two, so columns stand under each other', () => {
  const lines = renderTable(
    {
      columns: ['name', 'n'],
      rows: [
        ['世界', '1'],
        ['🙂🙂🙂', '2'],
        ['abc', '3'],
      ],
    },
    coloured,
    { limit: 80 },
  ).split('\n')
  expect(lines.slice(1).map((line) => columnsOf(line.slice(0, -1)))).toEqual([8, 8, 8])
})

test('a sentence is broken between words, a word that has no room in itself, and a style goes on', () => {
  expect(hang('wrong    ', `${'word '.repeat(20)}${host.repeat(2)}`, 80).every((line) => columnsOf(line) <= 80)).toBe(true)
  expect(wrap(coloured.bold('one two three'), 8).every((line) => columnsOf(line) <= 8 && line.includes('\u001b[22m'))).toBe(true)
  expect(columnsOf(cut('世界'.repeat(50), 21))).toBeLessThanOrEqual(21)
  expect(cut('short', 21)).toBe('short')
})
