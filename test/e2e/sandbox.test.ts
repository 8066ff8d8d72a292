import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { lives, type RunningSandbox } from '../../src/lib/sandbox/running.ts'
import { honeydue, requireBuild } from '../support/program.ts'

let home: string
let dir: string
beforeAll(requireBuild)
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sandbox-up-'))
  dir = join(home, 'of mine')
})
afterEach(async () => {
  await typed('down')
  rmSync(home, { recursive: true })
})

const typed = (verb: 'up' | 'down' | 'status', ...flags: readonly string[]) =>
  honeydue([`sandbox:${verb}`, '--dir', dir, ...flags], { home })
const up = () => typed('up', '--detach', '--no-postgres', '--json')
const running = (): Pick<RunningSandbox, 'pid' | 'born'> => JSON.parse(readFileSync(join(dir, 'sandbox.json'), 'utf8'))

test('up, up again, status and down: the files that it promises, one process, and nothing but its log left', async () => {
  expect(JSON.parse((await up()).stdout)).toMatchObject({ exitCode: 0, already: false, dir })
  const first = running()
  for (const file of ['admin.kubeconfig', 'viewer.kubeconfig', 'ssh/config', 'environment.yaml', 'urls.json'])
    expect([file, statSync(join(dir, file)).mode & 0o077]).toEqual([file, 0])
  expect(Object.keys(JSON.parse(readFileSync(join(dir, 'urls.json'), 'utf8')))).toEqual(
    expect.arrayContaining(['redis', 'postgresDirect', 'postgresPooler', 'api']),
  )
  expect(JSON.parse((await up()).stdout)).toMatchObject({ exitCode: 0, already: true, pid: first.pid })
  expect((await typed('status')).code).toBe(0)
  writeFileSync(join(dir, 'mine.txt'), '')
  expect((await typed('down')).code).toBe(0)
  expect([readdirSync(dir).sort(), lives(first)]).toEqual([['mine.txt', 'sandbox.log'], false])
  expect((await typed('status')).code).toBe(3)
})

test('what a crash left is cleared by the next start, and a folder of somebody else is refused', async () => {
  await up()
  process.kill(running().pid, 'SIGKILL')
  expect((await typed('status')).code).toBe(3)
  expect(JSON.parse((await up()).stdout)).toMatchObject({ exitCode: 0, already: false })
  await typed('down')
  writeFileSync(join(dir, 'mine.txt'), '')
  const { code, stdout } = await up()
  expect([code, JSON.parse(stdout).error.code]).toEqual([3, 'sandbox-foreign-folder'])
  expect(readdirSync(dir).sort()).toEqual(['mine.txt', 'sandbox.log'])
})
