import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkoutSystem } from '../../../src/lib/systems/checkout/checkout.ts'
import { parseYaml } from '../../../src/lib/yaml-text.ts'

const folder = mkdtempSync(join(tmpdir(), 'honeydue-odd-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const { read } = checkoutSystem(folder)

/** Nine times nine times nine … of one value. */
const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi']
  .map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`)
  .join('\n')}\n`

test.each([
  ['aliases that grow', bomb],
  ['a value within itself', 'a: &a\n  b: *a\n'],
  ['ten thousand lists in one another', '['.repeat(10_000) + ']'.repeat(10_000)],
  ['an alias of nothing', 'a: *b\n'],
  ['two keys of one name', 'a: 1\na: 2\n'],
])('%s is no YAML that comes to a value', (_, text) => {
  expect(parseYaml(text)).toBeUndefined()
})

test('an alias or two are everyday YAML', () => {
  expect(parseYaml('a: &a {x: 1}\nb: *a\nc: *a\n')).toEqual({ a: { x: 1 }, b: { x: 1 }, c: { x: 1 } })
})

test('a pipe, a folder and a file of a gigabyte are not read, and said to be what they are', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe.yaml')])
  mkdirSync(join(folder, 'folder.yaml'))
  writeFileSync(join(folder, 'huge.yaml'), '')
  truncateSync(join(folder, 'huge.yaml'), 2 ** 30)
  for (const [file, cause] of [
    ['pipe.yaml', 'a pipe'],
    ['folder.yaml', 'a folder'],
    ['huge.yaml', '1073741824 bytes'],
  ] as const)
    await expect(read.yaml(file)).rejects.toMatchObject({ code: 'checkout-unreadable', likely: expect.stringContaining(cause) })
  expect(await read.text('nothing.yaml')).toBeUndefined()
})
