import { expect, test } from 'vitest'
import type { Clock } from '../../../src/lib/clock.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { Trouble } from '../../../src/lib/errors.ts'
import { neon as facts, hosts } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted, plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import { type NeonOptions, neonSystem } from '../../../src/lib/systems/neon/neon.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const slept: number[] = []
const clock: Clock = { now: systemClock.now, sleep: async (ms) => void slept.push(ms) }
const open = (more: Partial<NeonOptions> = {}) =>
  neonSystem({
    hostaddr: sandbox().environment.hostaddr,
    caFile: `${sandbox().dir}/ca.crt`,
    project: facts.project,
    variable: planted.neonKey,
    clock,
    ...more,
  })
const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    (answer) => `it answered ${JSON.stringify(answer)}`,
    (error: unknown) => {
      if (!(error instanceof Trouble)) throw error
      const said = JSON.stringify([error, error.failed, error.likely, error.next, error.stack])
      expect(plantedValues.filter((value) => said.includes(value))).toEqual([])
      return error.code
    },
  )
const mark = { parent: facts.branch, version: 2n }

test('branches, and the one that the database is, whichever of its hosts is asked for', async () => {
  const { read } = open()
  expect(await read.lacking()).toBeUndefined()
  expect(await read.branches()).toMatchObject([{ id: facts.branch, name: 'production', state: 'ready', parent: undefined }])
  expect(await Promise.all([hosts.direct, hosts.pooler, 'ep-other.neon.tech'].map(read.branchOf))).toEqual([
    facts.branch,
    facts.branch,
    undefined,
  ])
})

test('a branch is made of the asked parent and named for the minute; it is deleted by its id, and no branch of another name is', async () => {
  const { read, write } = open()
  await write.markVersion(mark)
  const [production, made] = await read.branches()
  expect(made).toMatchObject({ name: expect.stringMatching(/^before-\d{8}-\d{4}-v2$/), parent: facts.branch, state: 'init' })
  expect(await codeOf(write.markVersion(mark))).toBe('neon-exists')
  expect(await codeOf(write.deleteMark(production ?? { id: '', name: '' }))).toBe('neon-not-ours')
  await write.deleteMark(made ?? { id: '', name: '' })
  expect(await read.branches()).toEqual([production])
  expect(await codeOf(write.deleteMark(made ?? { id: '', name: '' }))).toBe('neon-not-found')
})

test('all pages are read', async () => {
  const [first] = sandbox().neon.branches
  for (let i = 0; i < 1500; i++) if (first) sandbox().neon.branches.push({ ...first, id: `br-${i}`, name: `b${i}`, default: false })
  expect(await open().read.branches()).toHaveLength(1501)
})

test('a project in which another operation runs is asked again, and not without end', async () => {
  slept.length = 0
  sandbox().neon.locked = 2
  await open().write.markVersion(mark)
  expect([slept.length, sandbox().neon.branches.length]).toEqual([2, 2])
  sandbox().neon.locked = 1000
  expect(await codeOf(open().write.markVersion(mark))).toBe('neon-busy')
  expect([slept.length, sandbox().neon.branches.length]).toEqual([6, 2])
})

test('each refusal has its code', async () => {
  expect(await codeOf(open({ variable: 'PLANTED-other' }).read.branches())).toBe('neon-credentials')
  expect(await codeOf(open({ variable: undefined }).read.branches())).toBe('neon-no-token')
  expect(await codeOf(open({ project: 'another' }).read.branches())).toBe('neon-not-found')
  expect(await codeOf(open().write.markVersion({ ...mark, parent: 'br-none' }))).toBe('neon-not-found')
  sandbox().neon.limit = 1
  expect(await codeOf(open().write.markVersion(mark))).toBe('neon-limit')
  expect(sandbox().neon.branches).toHaveLength(1)
})

test('no answer, and what is none, are told apart', async () => {
  const codes: string[] = []
  for (const trouble of ['reset', 'silence', 'server-error', 'html'] as const) {
    sandbox().neon.trouble = trouble
    codes.push(await codeOf(open({ timeout: 300 }).read.branches()))
  }
  expect(codes).toEqual(['neon-unreachable', 'neon-silent', 'neon-server-error', 'neon-no-result'])
  expect(await codeOf(open({ hostaddr: { 'console.neon.tech': '127.0.0.1:1' } }).read.branches())).toBe('neon-unreachable')
  sandbox().neon.trouble = 'none'
  expect(await codeOf(neonSystem({ hostaddr: sandbox().environment.hostaddr, project: 'x', variable: 'x', clock }).read.branches())).toBe(
    'neon-tls',
  )
})

test('an answer without end is given up long before its time is', async () => {
  sandbox().neon.trouble = 'no end'
  const error = await open({ timeout: 300_000 })
    .read.branches()
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'neon-unreachable', likely: expect.stringMatching(/^its answer is longer than any/) })
})

test('what is lacking is named before anything is asked', async () => {
  expect(await open({ project: undefined }).read.lacking()).toBe('neon.project is not in the configuration')
  expect(await open({ variable: '' }).read.lacking()).toBe('neither NEON_API_KEY nor neon.api_key_command is set')
})
