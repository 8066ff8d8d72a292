import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseGoose } from '../../../src/lib/goose/parse.ts'
import { type Read, readByOurs } from './parse.ts'

interface Recorded {
  readonly file: string
  readonly up: Read
  readonly down: Read
}

// Recorded from goose's own parser: for each of its refusals two files, and those where quotes, comments, blocks and blanks are read in an unexpected way.
test('odd files are read as goose 3.22.1 reads them, up and down, and refused in its words', () => {
  const files = JSON.parse(readFileSync(new URL('recorded.json', import.meta.url), 'utf8')) as readonly Recorded[]
  expect(files.length).toBeGreaterThan(100)
  for (const { file, up, down } of files) expect({ file, ...readByOurs(file) }).toEqual({ file, up, down })
})

test('a line of four megabytes is too long for goose', () => {
  const line = (length: number) => `-- +goose Up\nSELECT '${'x'.repeat(length - 10)}';\n`
  expect(parseGoose(line(4 * 1024 * 1024 - 1)).statements).toHaveLength(1)
  expect(() => parseGoose(line(4 * 1024 * 1024))).toThrow('token too long')
})
