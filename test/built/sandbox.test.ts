import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
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
  // Whoever forgets to name it is told the line that means it, and it runs.
  const forgot = await honeydue(['cache:status'], { home })
  expect([forgot.code, forgot.stderr]).toEqual([9, expect.stringMatching(/A sandbox runs.*next {4}honeydue cache:status --env sandbox\n/s)])
  expect((await honeydue(['cache:status', '--env', 'sandbox'], { home })).code).toBe(0)
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

test('F21: two at the same moment on one folder are one sandbox, and down ends it', async () => {
  const both = (await Promise.all([up(), up()])).map(({ stdout }) => JSON.parse(stdout))
  expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0])
  expect(new Set(both.map(({ pid }) => pid)).size).toBe(1)
  const one = running()
  // Whoever changes this file hides no living process from `down`.
  writeFileSync(join(dir, 'sandbox.json'), JSON.stringify({ ...one, born: '1' }))
  expect((await typed('down')).code).toBe(0)
  expect([readdirSync(dir), lives(one)]).toEqual([['sandbox.log'], false])
})

test('its folder is for its owner alone, whatever it was before; a file or a name that ssh cannot take is refused', async () => {
  mkdirSync(dir)
  chmodSync(dir, 0o777)
  expect((await up()).code).toBe(0)
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  expect(readFileSync(join(dir, 'environment.yaml'), 'utf8') + readFileSync(join(dir, 'sandbox.log'), 'utf8')).not.toContain('PLANTED')
  await typed('down')
  writeFileSync(join(home, 'file'), '')
  for (const [at, code] of [
    [join(home, 'file'), 'sandbox-foreign-folder'],
    [join(home, 'file', 'below'), 'sandbox-foreign-folder'],
    [`${home}/a\nb`, 'sandbox-folder-name'],
  ] as const)
    expect(JSON.parse((await honeydue(['sandbox:up', '--dir', at, '--json'], { home })).stdout).error.code).toBe(code)
})
