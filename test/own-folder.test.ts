import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ownMark } from '../src/lib/living-process.ts'
import { makeBeside } from '../src/lib/own-folder.ts'

test('what a killed process left half made goes when another begins; what lives, and what is whole, stays', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'honeydue-test-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const { pid } = spawnSync('true')
  const dead = ownMark().replace(/^\d+/, String(pid))
  for (const name of [`postgres-old.${dead}-abc123`, `postgres-new.${ownMark()}-abc123`, 'postgres-old', `postgres-old.${dead}`])
    mkdirSync(join(parent, name, 'bin'), { recursive: true })
  const made = await makeBeside(join(parent, 'postgres-new'))
  expect(readdirSync(parent).sort()).toEqual(
    ['postgres-old', `postgres-old.${dead}`, basename(made), `postgres-new.${ownMark()}-abc123`].sort(),
  )
  renameSync(made, join(parent, 'postgres-new'))
})
