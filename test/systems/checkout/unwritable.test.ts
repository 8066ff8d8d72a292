import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { markOf, ownMark } from '../../../src/lib/living-process.ts'
import { besideOf, replaceFile, sweepBeside } from '../../../src/lib/systems/checkout/replace-file.ts'
import { unwritable } from '../../../src/lib/systems/checkout/unwritable.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'honeydue-unwritable-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('F8: what could not be written is known before anything changes, and why', async () => {
  writeFileSync(join(folder, 'file'), '')
  mkdirSync(join(folder, 'is-one'))
  symlinkSync(join(folder, 'nowhere', 'file'), join(folder, 'link'))
  expect(await unwritable(join(folder, 'file'))).toBeUndefined()
  expect(await unwritable(join(folder, 'not made yet'))).toBeUndefined()
  expect(await unwritable(join(folder, 'is-one'))).toContain('is a folder')
  expect(await unwritable(join(folder, 'none', 'file'))).toContain('ENOENT')
})

test.runIf(process.platform === 'linux')('a file system without room is told with what is left', async () => {
  // This one has none, for root either.
  expect(await unwritable(`/proc/${process.pid}/of-ours`)).toMatch(/0 KiB of room left|E[A-Z]+/)
})

test.runIf(process.getuid?.() !== 0)('a folder or file without the right to write', async () => {
  const closed = join(folder, 'closed')
  mkdirSync(closed)
  writeFileSync(join(closed, 'file'), '')
  chmodSync(closed, 0o500)
  expect(await unwritable(join(closed, 'file'))).toContain('EACCES')
  chmodSync(closed, 0o700)
  chmodSync(join(closed, 'file'), 0o400)
  expect(await unwritable(join(closed, 'file'))).toContain('EACCES')
})

test('in a repository, what a killed run leaves of a new text lies where no git add finds it', async () => {
  const repository = join(folder, 'repository')
  mkdirSync(join(repository, '.git'), { recursive: true })
  mkdirSync(join(repository, 'deploy'))
  const file = join(repository, 'deploy', 'config.yaml')
  writeFileSync(file, 'old', { mode: 0o640 })
  await replaceFile(file, 'new', 0o640)
  expect([readFileSync(file, 'utf8'), readdirSync(join(repository, 'deploy')), readdirSync(join(repository, '.git'))]).toEqual([
    'new',
    ['config.yaml'],
    [],
  ])
  const left = await besideOf(file)
  expect(left).toContain(join(repository, '.git'))
})

test('what a killed run left of a new text is swept, and what a living one has not', async () => {
  const file = join(folder, 'swept.yaml')
  writeFileSync(file, 'old')
  const mine = await besideOf(file)
  const dead = mine.replace(ownMark(), markOf({ pid: 4194999, born: '123' }))
  for (const path of [mine, dead, join(folder, 'swept.yaml.honeydue-new')]) writeFileSync(path, 'half')
  expect([await sweepBeside(file), await sweepBeside(file)]).toEqual([1, 0])
  expect([existsSync(mine), existsSync(dead), existsSync(join(folder, 'swept.yaml.honeydue-new')), readFileSync(file, 'utf8')]).toEqual([
    true,
    false,
    true,
    'old',
  ])
})
