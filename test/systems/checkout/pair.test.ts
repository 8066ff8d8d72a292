import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pairFiles } from '../../../src/lib/pair-files.ts'
import { newKeyRequest } from '../../../src/lib/systems/checkout/key-request.ts'
import { writePair } from '../../../src/lib/systems/checkout/pair.ts'

const base = 'secrets/origin'
const files = pairFiles(base)
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pair-'))
  mkdirSync(dirname(join(folder, base)))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const begin = () => ({ ...newKeyRequest('example.com'), base, commonName: 'example.com' })
const read = (file: string) => readFileSync(join(folder, file), 'utf8')

test('F12: of many rotations that begin at once in one checkout one has its key there, and every other is told so', async () => {
  for (let round = 0; round < 20; round++) {
    const all = Array.from({ length: 4 }, begin)
    const ended = await Promise.allSettled(all.map((one) => writePair(folder).keepNewKey(one)))
    const kept = all.filter((_, i) => ended[i]?.status === 'fulfilled')
    expect(kept).toHaveLength(1)
    expect([read(files.newKey), read(files.newRequest)]).toEqual([kept[0]?.key.reveal(), kept[0]?.csr])
    for (const one of ended)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ exitCode: 8, code: 'rotation-begun', next: 'honeydue cert:rotate' })
    expect(readdirSync(join(folder, 'secrets')).sort()).toEqual(['origin.new.csr', 'origin.new.key'])
    expect(statSync(join(folder, files.newKey)).mode & 0o777).toBe(0o600)
    await writePair(folder).dropNewKey({ base })
  }
})

test('begun again it is the same; a key that a stopped run left without its request gives way, once it is no longer young', async () => {
  const [mine, left] = [begin(), begin()]
  await writePair(folder).keepNewKey(mine)
  await writePair(folder).keepNewKey(mine)
  expect(read(files.newRequest)).toBe(mine.csr)
  await writePair(folder).dropNewKey({ base })
  writeFileSync(join(folder, files.newKey), left.key.reveal(), { mode: 0o600 })
  await expect(writePair(folder).keepNewKey(mine)).rejects.toMatchObject({ code: 'rotation-begun' })
  expect(existsSync(join(folder, files.newRequest))).toBe(false)
  const before = new Date(Date.now() - 120_000)
  utimesSync(join(folder, files.newKey), before, before)
  await writePair(folder).keepNewKey(mine)
  expect([read(files.newKey), read(files.newRequest)]).toEqual([mine.key.reveal(), mine.csr])
})
