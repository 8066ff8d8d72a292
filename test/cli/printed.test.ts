import { stripVTControlCharacters } from 'node:util'
import { Chalk } from 'chalk'
import { expect, test } from 'vitest'
import { age, shortAge } from '../../src/lib/age.ts'
import { told } from '../../src/lib/cli/run-told.ts'
import { renderTable } from '../../src/lib/cli/table.ts'
import { waitWords } from '../../src/lib/cli/wait-words.ts'
import { cut, hang } from '../../src/lib/cli/wrap.ts'
import { daysLeft, expiry } from '../../src/lib/facts/cert/days.ts'
import type { StepState } from '../../src/lib/plan/outcome.ts'
import type { Plan } from '../../src/lib/plan/plan.ts'

const colour = new Chalk({ level: 3 })
const plain = new Chalk({ level: 0 })

/** Columns as terminals give them, counted otherwise than the program does: marks that combine none, ideographs and emoji two. */
const columns = (text: string): number =>
  [...new Intl.Segmenter().segment(text)].reduce(
    (sum, { segment }) => sum + (/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]|\p{Emoji_Presentation}/u.test(segment) ? 2 : 1),
    0,
  )

const host = 'ep-floral-truth-amttbc5a-pooler.c-5.us-east-1.aws.neon.tech'
const rowsOf: Readonly<Record<string, readonly (readonly string[])[]>> = {
  ideographs: [
    ['接続プールが枯渇しています。管理者に連絡してください。接続プールが枯渇しています', 'db', '12 s'],
    ['ok', '한국어로 쓴 이름이 아주 길어서 한 줄에 들어가지 않습니다', '1 s'],
  ],
  emoji: [['🚀 deploy 👩‍👩‍👧‍👦 done 🇩🇪 '.repeat(6), 'x', '']],
  'marks that combine': [['e\u0301'.repeat(120), 'a\u0308o\u0308u\u0308', 'z']],
  'words without an end': [[host.repeat(3), host, host]],
  'a hundred rows': Array.from({ length: 100 }, (_, i) => [`api-5d8f6c7b9d-${i}`, `Back-off pulling image "${host}/${i}"`, `${i} min`]),
  'many columns': [Array.from({ length: 14 }, (_, i) => `column ${i}`)],
  'empty cells': [
    ['', '', ''],
    ['', host, ''],
  ],
  'what a terminal obeys': [['\u001b[2J\u001b[31mred', 'a\rb\tc', '\u202eevil\u2028next']],
}

test.each(Object.entries(rowsOf))('a table keeps to 80 columns, in colour as without: %s', (_, rows) => {
  const table = { title: 'What was found', columns: ['what it is called', 'what was said of it', 'ago'], rows }
  const lines = (chalk: typeof plain) => renderTable(table, chalk, { limit: 80, style: [chalk.red, chalk.dim, chalk.green] }).split('\n')
  const coloured = lines(colour)
  expect(Math.max(...coloured.map((line) => columns(stripVTControlCharacters(line))))).toBeLessThanOrEqual(80)
  // Colours change nothing else, and no line ends within one.
  expect(coloured.map((line) => stripVTControlCharacters(line).trimEnd())).toEqual(lines(plain).map((line) => line.trimEnd()))
  for (const line of coloured) expect((line.split('\u001b[').length - 1) % 2).toBe(0)
  expect(lines(plain).join('')).not.toMatch(/[\p{Cc}\u202e\u2028]/u)
})

test('a sentence keeps to 80 columns behind its coloured lead, and so does what is cut', () => {
  for (const text of [host.repeat(4), '接続'.repeat(90), `${'word '.repeat(60)}end`]) {
    const lines = hang(`${colour.red('wrong  ')}  `, text, 80)
    expect(Math.max(...lines.map((line) => columns(stripVTControlCharacters(line))))).toBeLessThanOrEqual(80)
    expect(columns(cut(text, 80))).toBeLessThanOrEqual(80)
  }
})

test.each<[string, readonly StepState[], RegExp]>([
  ['a step done', ['already', 'done'], /^Done, and seen to hold\.$/],
  ['a step done after a question', ['settled', 'done', 'proven'], /^Done, and seen to hold\.$/],
  ['a question alone', ['settled'], /^Nothing was changed\.\nnext: honeydue \S+:/],
  ['a question, and a proof of how it was', ['settled', 'proven'], /^Nothing was changed\.\nnext: /],
  ['all of it so before', ['already', 'already'], /^Already so: nothing was changed\.$/],
  ['a proof alone', ['proven'], /^Already so: nothing was changed\.$/],
])('"Done" is said only where something was done: %s', (_, states, said) => {
  expect(told({ id: 'db:recover-migration' } as Plan, states, {})).toMatch(said)
})

test('what a run has come to stands below "Done"', () => {
  const came = ['hetzner2 has 39 GB of 80 GB free on /: 4.1 GB more than before']
  expect(told({ id: 'nodes:clean' } as Plan, ['done'], {}, undefined, came)).toBe(`Done, and seen to hold.\n  ${came[0]}`)
})

test.each([
  [0, '0 s', '0 s'],
  [-0.5, '0 s', '0 s'],
  [-90_000, '0 s', '0 s'],
  [Number.NaN, '?', '?'],
  [Number.POSITIVE_INFINITY, '?', '?'],
  [59.9, '59 s', '59 s'],
  [60, '1 min', '60 s'],
  [119.9, '1 min', '119 s'],
  [3599, '59 min', '59 min'],
  [25 * 3600, '1 d 1 h', '1 d 1 h'],
  [99 * 86_400 + 86_399, '99 d 23 h', '99 d 23 h'],
  [400 * 86_400, '400 d', '400 d'],
])('%f seconds are never more than have passed', (seconds, whole, short) => {
  expect([age(seconds), shortAge(seconds)]).toEqual([whole, short])
})

test.each([
  [25, 'expires in 1 day', 1],
  [-25, 'expired 1 day ago', -1],
  [12, 'expires in 12 hours', 0],
  [-12, 'expired 12 hours ago', 0],
  [47.9, 'expires in 1 day', 1],
  [-0.01, 'expired less than a minute ago', 0],
  [30 * 24, 'expires in 30 days', 30],
])('what ends in %f hours', (hours, words, days) => {
  const now = new Date('2026-11-29T12:00:00Z')
  const of = { notAfter: new Date(now.getTime() + hours * 3_600_000) }
  expect([expiry(of, now), daysLeft(of, now)]).toEqual([words, days])
})

test('what a wait says of itself is short', () => {
  const because = '3 nodes still serve EF:9E:01:02 for 4 names'
  expect(waitWords(because, { elapsed: 12_300, usual: 40_000, within: 300_000 })).toBe(`${because} (12 s, usually 40 s, 5 min at most)`)
  expect(waitWords(because, { elapsed: 90_000, usual: 40_000 })).toBe(`${because} (90 s, slower than usual: 40 s)`)
  expect(waitWords(because, { elapsed: 0 })).toBe(because)
})
