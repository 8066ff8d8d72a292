import { describe, expect, test } from 'vitest'
import { comment, part, sh, word, words, wordsIn } from '../src/lib/shell.ts'
import { hostileWords } from './support/hostile-words.ts'
import { shells, typeInto } from './support/shells.ts'

const many = hostileWords(2000)
const rows = Array.from({ length: many.length / 20 }, (_, i) => many.slice(i * 20, i * 20 + 20))

describe.each(shells)('typed into $name', ({ name, path }) => {
  test('every word arrives as it was, and nothing of it runs', () => {
    const lines = rows.map((row, i) => sh`stub ${i} ${words(row)} last`)
    const { calls, left, stderr } = typeInto(path, `${lines.join('\n')}\n`, ['stub'])
    expect(left).toEqual([])
    expect(calls, stderr.slice(0, 500)).toEqual(rows.map((row, i) => ['stub', String(i), ...row, 'last']))
  })

  // fish is not asked to be the shell of a node, nor to run a script of ours.
  test.skipIf(name === 'fish')('a line for another shell is one word of the first, whatever it holds', () => {
    const sent = rows.slice(0, 40).map((row) => sh`stub ${words(row)} && stub ${'it is'}`)
    const outer = typeInto(path, `${sent.map((line) => sh`ssh -- ${'a node'} ${line}`).join('\n')}\n`, ['ssh', 'stub'])
    expect(outer.left).toEqual([])
    expect(outer.calls).toEqual(sent.map((line) => ['ssh', '--', 'a node', line]))
    const inner = typeInto(path, outer.calls.map((call) => call.at(-1)).join('\n'), ['stub'])
    expect(inner.left).toEqual([])
    expect(inner.calls).toEqual(
      rows.slice(0, 40).flatMap((row) => [
        ['stub', ...row],
        ['stub', 'it is'],
      ]),
    )
  })

  test.skipIf(name === 'fish')('a comment stays one, whatever it is about', () => {
    const lines = rows.flatMap((row) => [...row.map(comment), 'stub'])
    const { calls, left } = typeInto(path, `${lines.join('\n')}\n`, ['stub'])
    expect([calls, left]).toEqual([rows.map(() => ['stub']), []])
  })
})

test('what needs no quotes has none', () => {
  expect(sh`kubectl -n ${'honeydue'} get pod ${'api-1'} -o ${'jsonpath={.status}'}`).toBe(
    `kubectl -n honeydue get pod api-1 -o 'jsonpath={.status}'`,
  )
  expect(word('')).toBe("''")
  expect(word(7n)).toBe('7')
})

test('a line within a line is a word; a part of one is not', () => {
  const inner = sh`ufw allow from ${'10.0.0.0/8'} comment ${"it's"}`
  expect(sh`ssh ${'n1'} ${inner}`).toBe(String.raw`ssh n1 'ufw allow from 10.0.0.0/8 comment '\''it'\'''\\''\'''\''s'\'''`)
  expect(sh`${part(inner)} && true`).toBe(`${inner} && true`)
})

test('what no shell can hold is refused, not changed', () => {
  for (const value of ['a\0b', 'a\n', '\n']) expect(() => word(value)).toThrow('cannot be written as a word of a shell')
})

test('a value within quotes is refused when the line is made', () => {
  expect(() => sh`echo "${'x'}"`).toThrow('a value stands within quotes')
  expect(() => sh`echo 'it is '"${'x'}"`).toThrow('a value stands within quotes')
})

test('the words of a line are found again, but for those that a shell has to make', () => {
  for (const row of rows) {
    const line = sh`honeydue ${words(row)}`
    expect(wordsIn(line)).toEqual(line.includes('"$(printf') ? undefined : ['honeydue', ...row])
  }
  expect(rows.filter((row) => wordsIn(sh`honeydue ${words(row)}`) !== undefined).length).toBeGreaterThan(0)
  for (const line of ['honeydue $(id)', 'honeydue a; id', 'honeydue a | id', 'honeydue `id`', "honeydue 'a", 'honeydue  a'])
    expect(wordsIn(line)).toBeUndefined()
})
