import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { candidates, type Known, type Live, wordsOf } from '../../src/lib/cli/completion/candidates.ts'
import { keepValues, keptValues } from '../../src/lib/cli/completion/kept-values.ts'
import { scripts } from '../../src/lib/cli/completion/scripts.ts'
import { requireBuild, root } from '../support/program.ts'

const flag = (value: boolean, options?: readonly string[]) => ({ about: '', value, ...(options && { options }) })
const known: Known = {
  topics: { db: 'the database', edge: '' },
  commands: {
    status: { about: '', args: [], flags: { env: flag(true) } },
    'db:status': { about: 'looks', args: [], flags: { env: flag(true), json: flag(false) } },
    'db:switch-host': { about: '', args: [], flags: { to: flag(true, ['pooler', 'direct']) } },
    'edge:drain': { about: '', args: ['node'], flags: { within: flag(true), env: flag(true) } },
    'secrets:rotate': { about: '', args: ['name'], flags: {} },
    'runbook:show': { about: '', args: ['page'], flags: {} },
  },
}
const live: Live = {
  nodes: [
    ['hetzner1', ''],
    ['hetzner2', ''],
  ],
  workloads: [['api', '']],
  secrets: [['honeydue-secrets', '']],
  runs: [['last', '']],
  environments: [['sandbox', '']],
}
const words = (line: string) => candidates(line, known, () => live).map(([word]) => word)

test.each([
  ['honeydue ', ['status', 'db:status', 'db:switch-host', 'edge:drain', 'secrets:rotate', 'runbook:show']],
  ['honeydue db:s', ['db:status', 'db:switch-host']],
  ['honeydue db s', ['status', 'switch-host']],
  ['honeydue edge:drain ', ['hetzner1', 'hetzner2']],
  ['honeydue edge drain hetzner2', ['hetzner2']],
  ['honeydue edge:drain hetzner1 ', ['--within', '--env']],
  ['honeydue edge:drain --within 5m hetz', ['hetzner1', 'hetzner2']],
  ['honeydue edge:drain --env s', ['sandbox']],
  ['honeydue edge:drain --env=s', ['--env=sandbox']],
  ['honeydue db:switch-host --to ', ['pooler', 'direct']],
  ['honeydue db:status --json --', ['--env']],
  ['honeydue secrets:rotate h', ['honeydue-secrets']],
  ['honeydue runbook:show edge', ['edge:drain']],
  ['honeydue bogus x', []],
])('%j', (line, expected) => {
  expect(words(line)).toEqual(expected)
})

test('quotes are taken off; behind a blank a new word begins', () => {
  expect(wordsOf('honeydue "edge:dr')).toEqual(['honeydue', 'edge:dr'])
  expect(wordsOf('honeydue edge:drain ')).toEqual(['honeydue', 'edge:drain', ''])
})

const home = mkdtempSync(join(tmpdir(), 'honeydue-tab-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
beforeAll(requireBuild)

const inShell = async (shell: string, script: string): Promise<readonly string[]> => {
  const env = { PATH: process.env['PATH'], HOME: home, TERM: 'dumb', NODE: process.execPath }
  const { stdout } = await promisify(execFile)(shell, ['-c', script], { env, cwd: home })
  return stdout.split('\n').filter(Boolean)
}
const honeydue = `honeydue() { "$NODE" '${join(root, 'bin/run.js')}' "$@"; }`
const tab = (line: string) => `${honeydue}
${scripts.bash}
COMP_WORDS=(honeydue); COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; _honeydue; printf '%s\\n' "\${COMPREPLY[@]}"`

test('bash gets what stands behind the colon and the equals sign, at which it parts words; values come from what was kept', async () => {
  const values = { ...live, workloads: [['api', '3 of 3 ready'] as const] }
  keepValues('production', values, { HOME: home })
  expect(keptValues('production', { HOME: home }, '/nonexistent').workloads).toEqual([['api', '3 of 3 ready']])
  const [colon, node, workload, equals] = await Promise.all(
    ['honeydue db:swi', 'honeydue edge:drain h', 'honeydue deploy:restart ', 'honeydue db:switch-host --to=p'].map((line) =>
      inShell('bash', tab(line)),
    ),
  )
  expect(colon).toEqual(['switch-host'])
  expect(node).toEqual(['hetzner1', 'hetzner2'])
  expect(workload).toContain('api')
  expect(equals).toEqual(['pooler'])
})

test.runIf(existsSync('/usr/bin/fish'))('fish shows each word with what it means', async () => {
  const line = `function honeydue; ${process.execPath} '${join(root, 'bin/run.js')}' $argv; end\n${scripts.fish}\ncomplete -C 'honeydue edge:d'`
  expect(await inShell('fish', line)).toEqual([expect.stringMatching(/^edge:drain\tTake a node out/)])
})
