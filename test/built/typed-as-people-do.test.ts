import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import { honeydue, requireBuild, root } from '../support/program.ts'
import { useSandbox } from '../support/worlds.ts'

beforeAll(requireBuild)
const sandbox = useSandbox()
const at = () => ['--env', join(sandbox().dir, 'environment.yaml')]

test('-h anywhere, version and help COMMAND are what they look like', async () => {
  const [long, ...same] = await Promise.all(
    [
      ['edge:drain', '--help'],
      ['edge:drain', '-h'],
      ['edge', 'drain', 'hetzner2', '-h'],
      ['help', 'edge:drain'],
      ['help', 'edge', 'drain'],
    ].map((words) => honeydue(words)),
  )
  for (const one of same) expect(one).toEqual(long)
  expect((await honeydue(['-h'])).stdout).toBe((await honeydue(['--help'])).stdout)
  expect((await honeydue(['version'])).stdout).toBe((await honeydue(['--version'])).stdout)
  const { stdout } = await honeydue(['--help'])
  expect(stdout).toMatch(/cert +the origin certificate/)
  expect(stdout).toMatch(/config +the environments/)
})

test('words that are no command are looked up as a symptom; a command that is misspelled is told', async () => {
  const pooler = await honeydue(['pooler', 'down'])
  expect(pooler.code).toBe(127)
  expect(pooler.stdout.split('\n')[0]).toMatch(/db:(status|switch-host)/)
  expect(pooler.stderr).toContain('There is no command "pooler down".')
  expect(pooler.stderr).toContain('next: honeydue diagnose pooler down ')
  // What leads on is about the deployment that was meant, and an error text is none the less one for its colon.
  const elsewhere = await honeydue(['dial tcp: i/o timeout', '--env', 'sandbox'])
  expect(elsewhere.stdout).toMatch(/^ +db:status/)
  expect(elsewhere.stderr).toContain("next: honeydue diagnose --env sandbox 'dial tcp: i/o timeout' ")
  expect((await honeydue(['xylophone', 'zzz', '--env', 'sandbox'])).stderr).toContain(
    'next    honeydue diagnose --env sandbox xylophone zzz',
  )
  expect((await honeydue(['user', 'sees', 'old', 'residences'])).stdout).toMatch(/^§23 +cache:invalidate/)
  expect((await honeydue(['25'])).stdout).toContain('db:switch-host')
  const near = await honeydue(['db:swich-host'])
  expect([near.code, near.stdout]).toEqual([127, ''])
  expect(near.stderr).toContain('db:switch-host may be meant')
  expect((await honeydue(['xylophone', 'zzz'])).stderr).toContain('No command has a name like it')
  const named = await honeydue(['db', 'switch', 'host', '--help'])
  expect(named.stdout).toContain('honeydue db:switch-host')
})

test('a pipe gets whole sentences, --plain one record a line, and neither a colour that is asked away', async () => {
  const colour = { env: { FORCE_COLOR: '1' } }
  const [piped, plain, plan, list, uncoloured, help] = await Promise.all(
    [
      ['nodes:status', ...at()],
      ['--plain', 'nodes:status', ...at()],
      ['edge:drain', 'hetzner2', '--dry-run', '--plain', ...at()],
      ['runbook:list', '--plain'],
      ['--no-color', 'nodes:status', ...at()],
      ['edge:drain', '--help', '--no-color'],
    ].map((words, i) => honeydue(words, i === 0 ? {} : colour)),
  )
  expect(plain?.stdout.match(/^In the cluster\thetzner\d\t[\d.]+\tubuntu-/gm)).toHaveLength(3)
  // Each record is a line, and each line a record.
  expect(
    plain?.stdout
      .trimEnd()
      .split('\n')
      .every((line) => line.includes('\t')),
  ).toBe(true)
  expect(plan?.stdout).toMatch(/^plan\t\w+\tsandbox\tedge:drain\thetzner2\t/)
  expect(plan?.stdout).toMatch(/^step\t1\tchange\t\tTake api\.myhoneydue\.com off hetzner2$/m)
  expect(
    list?.stdout
      .trimEnd()
      .split('\n')
      .every((line) => line.split('\t').length === 4),
  ).toBe(true)
  expect(uncoloured?.stdout).not.toContain('\u001b')
  expect(piped?.stdout).toMatch(/^load: per CPU, over one minute; memory, disk: used; clock: against this machine$/m)
  expect(help?.stdout.split('\n').slice(0, 3)).toEqual(['Take a node out of the round robin of every name', '', 'EXAMPLES'])
  expect(help?.stdout).toMatch(/EXIT CODES\n +0 +done[\s\S]*ENVIRONMENT\n +HONEYDUE_ENV/)
})

test('--json=stream tells a run as it goes, a line each, and its document last', async () => {
  const { code, stdout } = await honeydue(['cache:invalidate', '--user', '7', '--json=stream', '--notify', ...at()])
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly event?: string; readonly step?: number; readonly exitCode?: number })
  expect(code).toBe(0)
  expect(lines[0]).toMatchObject({ event: 'begins', steps: [{ title: 'Delete residence_ids_user:7' }] })
  expect(lines.filter(({ event }) => event === 'settled').map(({ step }) => step)).toEqual([1])
  expect(lines.at(-1)).toMatchObject({ schemaVersion: 1, exitCode: 0, states: expect.any(Array) })
})

test('an unknown flag names the near one; psql has no JSON document; nobody is asked where nobody is', async () => {
  const wach = await honeydue(['nodes:status', '--wach'])
  expect(wach.code).toBe(2)
  expect(wach.stderr).toContain('--watch may be meant')
  const argument = await honeydue(['edge:drain', '--node', 'hetzner2'])
  expect([argument.code, argument.stderr]).toEqual([2, expect.stringContaining('NODE is given as it is, without a flag')])
  const psql = await honeydue(['db:psql', '--json'])
  expect([psql.code, JSON.parse(psql.stdout).error.code]).toEqual([2, 'psql-json'])
  const drain = await honeydue(['edge:drain', ...at()])
  expect(drain.code).toBe(2)
  expect(drain.stderr).toContain('NODE is missing')
  const away = await honeydue(['edge:drain', 'hetzner9', '--dry-run', ...at()])
  expect(away.stderr).toContain('hetzner2 (ubuntu-8gb-nbg1-1, 178.105.32.198)')
})

test.each([{ DEBUG: '*' }, { DEBUG: 'ioredis:*,oclif:*' }, { NODE_DEBUG: 'http,https,tls,net' }, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }])(
  '%o prints no secret and no warning of Node’s',
  async (env) => {
    const runs = await Promise.all(
      [['cache:status'], ['edge:status'], ['cache:invalidate', '--user', '7', '--dry-run'], ['db:status']].map((words) =>
        honeydue([...words, ...at()], { env: { ...env, CLOUDFLARE_API_TOKEN: planted.cloudflareToken } }),
      ),
    )
    for (const { stdout, stderr } of runs) {
      expect(stdout).not.toBe('')
      for (const secret of Object.values(planted)) expect((stdout + stderr).includes(String(secret))).toBe(false)
      expect(stderr).not.toMatch(/Warning|PRIVATE KEY|HTTPS? \d+|AUTH/)
    }
  },
  40_000,
)

test('a variable of the shell does not take TLS’s verification away', async () => {
  const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0', HONEYDUE_ENV: join(sandbox().dir, 'environment.yaml') }
  const { stdout } = await honeydue(['config:explain', '--json'], { env })
  expect(JSON.parse(stdout).exitCode).toBe(0)
  const { stderr } = await honeydue(['cache:status', '--watch', '--json'], { env })
  expect(stderr).not.toContain('NODE_TLS_REJECT_UNAUTHORIZED')
})

test.runIf(existsSync('/dev/full')).each(['>/dev/full', '2>/dev/full', '>/dev/full 2>&1'])(
  'F18: a full disk behind %s ends in a line, and no stack',
  async (redirect) => {
    const program = [process.execPath, join(root, 'bin/run.js')].map((word) => `'${word}'`).join(' ')
    for (const words of [`nodes:status --env '${at()[1]}'`, 'runbook:list', '--help']) {
      const [code, said] = await new Promise<[number, string]>((resolve) => {
        execFile(
          'sh',
          ['-c', `${program} ${words} ${redirect}`],
          { env: { PATH: process.env['PATH'], HOME: '/nonexistent' } },
          (error, stdout, stderr) => resolve([typeof error?.code === 'number' ? error.code : 0, stdout + stderr]),
        )
      })
      expect(said).not.toMatch(/\n\s+at |node:internal/)
      if (redirect === '>/dev/full') {
        expect([words, code]).toEqual([words, 9])
        expect(said).toContain('standard output cannot be written (ENOSPC)')
      }
    }
  },
  30_000,
)
