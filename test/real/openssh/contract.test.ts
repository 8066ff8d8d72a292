import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cases } from './cases.ts'
import { realWorld } from './server.ts'
import { type SshWorld, sandboxWorld } from './world.ts'

const dir = mkdtempSync(join(tmpdir(), 'openssh-'))
const folder = (name: string) => mkdtempSync(join(dir, name))
const worlds: Record<string, SshWorld> = {}
const table: { case: string; sandbox?: string; real?: string }[] = cases.map(({ name }) => ({ case: name }))
let files = 0
const file = (text: string) => {
  files += 1
  const path = join(dir, `file-${files}`)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

beforeAll(async () => {
  worlds['sandbox'] = await sandboxWorld(folder('sandbox-'))
  worlds['real'] = await realWorld(folder('real-'))
})
afterAll(async () => {
  for (const world of Object.values(worlds)) await world.stop()
  rmSync(dir, { recursive: true })
  console.table(table)
})

for (const kind of ['sandbox', 'real'] as const)
  for (const [index, { name, expected, give }] of cases.entries())
    test(`${kind}: ${name}`, async () => {
      const world = worlds[kind]
      const row = table[index]
      if (!world || !row) throw new Error(`the ${kind} servers did not start`)
      row[kind] = 'differs'
      await world.reset()
      expect(await give(world, file)).toEqual(expected)
      row[kind] = 'equal'
    })
