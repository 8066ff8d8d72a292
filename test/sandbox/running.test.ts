import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { announce, birthOf, findRunningSandbox, runningIn } from '../../src/lib/sandbox/running.ts'

let dir: string
let env: NodeJS.ProcessEnv
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'running-'))
  env = { XDG_STATE_HOME: join(dir, 'state') }
})
afterEach(() => rmSync(dir, { recursive: true }))

test('a sandbox is found while it runs, and not after it has taken its word back', () => {
  const leave = announce(dir, join(dir, 'environment.yaml'), env)
  expect(runningIn(dir)).toMatchObject({ pid: process.pid, dir })
  expect(findRunningSandbox(env)).toMatchObject({ environment: join(dir, 'environment.yaml') })
  leave()
  expect(runningIn(dir)).toBeUndefined()
  expect(findRunningSandbox(env)).toBeUndefined()
})

test('the state of a crash is recognised, though the pid belongs to another process by now', () => {
  announce(dir, 'environment.yaml', env)
  const file = join(dir, 'sandbox.json')
  const left = JSON.parse(readFileSync(file, 'utf8')) as { born: string }
  writeFileSync(file, JSON.stringify({ ...left, born: `${left.born}0` }))
  expect(runningIn(dir)).toBeUndefined()
  writeFileSync(file, 'half of a fi')
  expect(runningIn(dir)).toBeUndefined()
})

test('a process that has ended has no birth', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  expect(birthOf(child.pid ?? 0)).toBe('')
  expect(birthOf(process.pid)).not.toBe('')
})
