import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { birthOf, lives } from '../../src/lib/living-process.ts'
import { journalsIn } from '../support/attempts.ts'
import { requireBuild } from '../support/program.ts'
import { useSystems } from '../support/systems-of.ts'
import { openTerminal } from '../support/terminal.ts'
import { useSandbox } from '../support/worlds.ts'

beforeAll(requireBuild)
const sandbox = useSandbox()
const { systems } = useSystems(sandbox)
const folder = mkdtempSync(join(tmpdir(), 'honeydue-pty-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let state = ''
let count = 0
beforeEach(() => {
  state = join(folder, String(count++))
})
const open = (words: readonly string[], more: Parameters<typeof openTerminal>[1] = {}) =>
  openTerminal([...words, '--env', join(sandbox().dir, 'environment.yaml')], { ...more, env: { ...more.env, XDG_STATE_HOME: state } })

const everyone = ['cache:invalidate', '--all-residence-ids'] as const
const three = ['cache:invalidate', '--user', '1', '--user', '2', '--user', '3'] as const
const cached = () =>
  sandbox()
    .redis.store.keys()
    .filter((key) => key.startsWith('residence_ids_user:'))
/** The first key that is deleted takes its time; what comes after that does not. */
const slowAtFirstDelete = (ms: number) =>
  sandbox().redis.before('unlink', () => {
    sandbox().redis.fail({ kind: 'slow', ms })
    setTimeout(() => sandbox().redis.fail(undefined), ms)
  })
const holder = async () => (await systems().lease.read())?.holder
const ended = async (terminal: { readonly pid: () => number }) => {
  const pid = terminal.pid()
  const program = { pid, born: birthOf(pid) }
  return () => !lives(program)
}
const within = { interval: 50, timeout: 15_000 }

test('a terminal that is closed at a question: the program ends, nothing was changed, and nothing is journaled', async () => {
  const before = cached()
  const terminal = open(everyone)
  await terminal.until('to go on:')
  const isOver = await ended(terminal)
  expect(isOver()).toBe(false)
  terminal.hangUp()
  await expect.poll(isOver, within).toBe(true)
  expect([cached(), journalsIn(state), await holder()]).toEqual([before, [], undefined])
})

test('a terminal that is closed in mid-run: the step under way comes to its end, the next one is not begun, and the lease is given back', async () => {
  slowAtFirstDelete(1500)
  const terminal = open(three)
  await terminal.until('applying')
  const isOver = await ended(terminal)
  expect(await holder()).toBeDefined()
  terminal.hangUp()
  await expect.poll(isOver, within).toBe(true)
  expect(cached()).not.toContain('residence_ids_user:1')
  expect(cached()).toContain('residence_ids_user:2')
  const [journal] = journalsIn(state)
  expect(journal?.lines.at(-1)).toMatchObject({ type: 'end', exitCode: 129, failed: 'Stopped: the terminal is gone' })
  expect(journal?.lines.filter(({ type }) => type === 'intent')).toHaveLength(1)
  expect(await holder()).toBeUndefined()
})

test('a window that is drawn smaller and larger in mid-question: what was typed stays, and the answer counts', async () => {
  const terminal = open(everyone)
  await terminal.until('to go on:')
  terminal.type('sandbox/resid')
  await terminal.until('sandbox/resid')
  for (const [columns, rows] of [
    [40, 12],
    [20, 6],
    [132, 50],
  ] as const)
    terminal.resize(columns, rows)
  terminal.type('ence_ids_user:*\r')
  const { code, text } = await terminal.end()
  expect(text).toContain('Done, and seen to hold.')
  expect([code, cached()]).toEqual([0, []])
})

test('a window that is drawn smaller in mid-run: the run comes to its end', async () => {
  slowAtFirstDelete(1500)
  const terminal = open(three)
  await terminal.until('applying')
  terminal.resize(30, 5)
  const { code, text } = await terminal.end()
  expect([code, text.replace(/\s+/g, ' ')]).toEqual([0, expect.stringContaining('Done, and seen to hold.')])
})

test('a question that nobody answers expires: 6, and nothing was changed; no limit is longer than ten minutes', async () => {
  const before = cached()
  const terminal = open(everyone, { env: { HONEYDUE_PROMPT_LIMIT: '1' }, settings: true })
  await terminal.until('to go on:')
  const { code, text, settings } = await terminal.end()
  expect([code, text]).toEqual([6, expect.stringContaining('Nobody answered for 1 s')])
  expect(text).toContain('Nothing was changed.')
  expect([cached(), journalsIn(state)]).toEqual([before, []])
  expect(settings).toEqual([settings[0], settings[0]])
})

test.each([
  ['Ctrl-C at a question', everyone, ['to go on:'], 130],
  ['Ctrl-C once in mid-run', three, ['applying'], 130],
  ['Ctrl-C twice in mid-run', three, ['applying', 'stopping'], 130],
] as const)('%s leaves the terminal as it was: its settings, and a cursor', async (_, words, seen, expected) => {
  slowAtFirstDelete(seen.length > 1 ? 2500 : 1500)
  const terminal = open(words, { settings: true })
  for (const one of seen) {
    await terminal.until(one)
    terminal.type('\u0003')
  }
  const { code, raw, settings } = await terminal.end()
  expect(code).toBe(expected)
  expect(settings).toEqual([expect.stringMatching(/^[0-9a-f:]+$/), settings[0]])
  expect(raw.lastIndexOf('\u001B[?25h')).toBeGreaterThanOrEqual(raw.lastIndexOf('\u001B[?25l'))
})

test('a run that is ended at once by the second Ctrl-C leaves its lease to be explained: the next run takes it over, and says whose it was', async () => {
  slowAtFirstDelete(2500)
  const terminal = open(three)
  for (const one of ['applying', 'stopping']) {
    await terminal.until(one)
    terminal.type('\u0003')
  }
  expect((await terminal.end()).code).toBe(130)
  expect(journalsIn(state)[0]?.lines.at(-1)).toMatchObject({ type: 'intent', step: 0 })
  expect(await holder()).toBeDefined()
  sandbox().redis.fail(undefined)
  const next = open(three)
  const { code, text } = await next.end()
  expect([code, text.replace(/\s+/g, ' ')]).toEqual([
    0,
    expect.stringContaining('its process on this machine has ended, and its lease is taken over'),
  ])
  expect(await holder()).toBeUndefined()
})

test('on a terminal with CI set nobody is asked: 2, the flag that is missing, and nothing is changed or journaled', async () => {
  const before = cached()
  const terminal = open(everyone, { env: { CI: 'true' } })
  const { code, text } = await terminal.end()
  expect([code, text.replace(/\s+/g, ' ')]).toEqual([2, expect.stringContaining('there is no terminal to ask on: --confirm is missing')])
  expect(text).not.toContain('to go on:')
  expect([cached(), journalsIn(state), await holder()]).toEqual([before, [], undefined])
})
