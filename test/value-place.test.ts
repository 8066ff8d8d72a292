import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isReadPlainly, placeInBase64, type ValuePlace } from '../src/lib/value-place.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'honeydue-place-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What a shell prints of a place, decoded. */
const printed = (text: string, place: Omit<ValuePlace, 'file'>): string => {
  const file = join(folder, 'source')
  writeFileSync(file, text)
  const base64 = execFileSync('/bin/sh', ['-euc', placeInBase64({ ...place, file })], { encoding: 'utf8' })
  return Buffer.from(base64, 'base64').toString()
}

test.each([
  ['file', 'one\ntwo\n', undefined, 'one\ntwo'],
  ['yaml', 'a:\n  password: plain-word', 2, 'plain-word'],
  ['yaml', 'a:\n  password: plain # of the server\n', 2, 'plain'],
  ['yaml', 'a:\n  password: "quoted # word"  \n', 2, 'quoted # word'],
  ['yaml', "a:\n  password: 'single'\n", 2, 'single'],
  ['yaml', 'a:\n  password: with:colon=and/more\n', 2, 'with:colon=and/more'],
  ['env', 'A=1\nTOKEN=abc=def==\n', 2, 'abc=def=='],
  ['env', 'A=1\nexport TOKEN="quoted word"\n', 2, 'quoted word'],
] as const)('%s: %j is read by a shell as it is meant', (kind, text, line, value) => {
  const place = { in: kind, ...(line !== undefined && { line }) }
  expect(isReadPlainly(text, { ...place, file: '' }, value)).toBe(true)
  expect(printed(text, place)).toBe(value)
  expect(printed(text, { ...place, around: ['{"password":"', '"}'] })).toBe(`{"password":"${value}"}`)
})

test.each([
  ['yaml', 'password: "with \\"quotes\\""\n', 'with "quotes"'],
  ['yaml', 'password: >-\n  folded\n', 'folded'],
  ['yaml', "password: 'it''s'\n", "it's"],
  ['env', 'TOKEN=\n', ''],
] as const)('%s: %j would be read otherwise, and is refused', (kind, text, value) => {
  expect(isReadPlainly(text, { in: kind, file: '', line: 1 }, value)).toBe(false)
})
