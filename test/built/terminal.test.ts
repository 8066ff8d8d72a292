import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { honeydue, requireBuild } from '../support/program.ts'
import { openTerminal } from '../support/terminal.ts'
import { useSandbox } from '../support/worlds.ts'

beforeAll(requireBuild)
const sandbox = useSandbox()

const at = (...args: readonly string[]) => [...args, '--env', join(sandbox().dir, 'environment.yaml')]
const three = () => at('cache:invalidate', '--user', '1', '--user', '2', '--user', '3')
const everyone = () => at('cache:invalidate', '--all-residence-ids')
const cached = () =>
  sandbox()
    .redis.store.keys()
    .filter((key) => key.startsWith('residence_ids_user:')).length
/** Sentences as they were before they were broken at the width of the terminal. */
const unbroken = (text: string) => text.replace(/\s+/g, ' ')
/** The first key that is deleted takes its time; everything before it does not. */
const slowAtFirstDelete = (ms: number) => sandbox().redis.before('unlink', () => sandbox().redis.fail({ kind: 'slow', ms }))

test('a question shows the live target, the point of no return and the undo, and No is its default', async () => {
  const before = cached()
  const terminal = openTerminal(everyone())
  await terminal.until('sandbox · Type sandbox/residence_ids_user:* to go on:')
  terminal.type('residence_ids_user\r')
  const { code, text } = await terminal.end()
  expect(code).toBe(6)
  expect(text).toMatch(/^where {3}cluster honeydue-sandbox at https:\S+, CA /m)
  expect(text).toMatch(/^ {8}Redis at deploy\/redis in honeydue/m)
  expect(text).toMatch(/^ {2}1 ~ Delete every residence_ids_user:\*/m)
  expect(text).toMatch(/^undo {4}no return from step 1 on: /m)
  // From the question up, all of it is on one screen, and once.
  const rows = text.slice(0, text.indexOf('to go on:')).split('\n')
  expect(rows.length).toBeLessThanOrEqual(24)
  expect(text.match(/Delete every residence_ids_user/g)).toHaveLength(1)
  expect(text).toContain('Nothing was changed.')
  expect(cached()).toBe(before)
})

test('a key at the question shows more, and the question stands again: details, shell lines, the page', async () => {
  const before = cached()
  const terminal = openTerminal(everyone())
  await terminal.until('d details, b by hand, s the page')
  await terminal.until('to go on:')
  terminal.type('d\r')
  await terminal.until('cannot be undone:')
  await terminal.until('to go on:')
  terminal.type('b\r')
  await terminal.until('redis-cli')
  await terminal.until('to go on:')
  terminal.type('s\r')
  await terminal.until('If it goes wrong')
  await terminal.until('to go on:')
  terminal.type('no\r')
  expect((await terminal.end()).code).toBe(6)
  expect(cached()).toBe(before)
})

test('the subject, typed, lets it go on: a spinner while it runs, and the cursor is back', async () => {
  const terminal = openTerminal(everyone())
  await terminal.until('to go on:')
  terminal.type('sandbox/residence_ids_user:*\r')
  const { code, raw, text } = await terminal.end()
  expect(text).toContain('Done, and seen to hold.')
  expect(code).toBe(0)
  expect(raw.lastIndexOf('\u001B[?25h')).toBeGreaterThan(raw.lastIndexOf('\u001B[?25l'))
  expect(cached()).toBe(0)
})

test('Ctrl-C at a question: 130, and nothing was changed', async () => {
  const before = cached()
  const terminal = openTerminal(everyone())
  await terminal.until('to go on:')
  terminal.type('\u0003')
  const { code, text } = await terminal.end()
  expect(code).toBe(130)
  expect(text).toContain('Nothing was changed.')
  expect(cached()).toBe(before)
})

test('Ctrl-C once: what is being done comes to its end, and both done and not done are named', async () => {
  slowAtFirstDelete(1500)
  const terminal = openTerminal(three())
  await terminal.until('applying')
  terminal.type('\u0003')
  await terminal.until('stopping at the next safe point, in step 1, Delete residence_ids_user:1')
  const { code, text } = await terminal.end()
  expect(code).toBe(130)
  expect(unbroken(text)).toContain('Done: Delete residence_ids_user:1. Not done: Delete residence_ids_user:2; Delete residence_ids_user:3.')
  expect(sandbox().redis.store.keys()).not.toContain('residence_ids_user:1')
  expect(sandbox().redis.store.keys()).toContain('residence_ids_user:2')
})

test('Ctrl-C twice ends at once, says so, and the cursor is back', async () => {
  slowAtFirstDelete(4000)
  const terminal = openTerminal(three())
  await terminal.until('applying')
  terminal.type('\u0003')
  await terminal.until('stopping')
  terminal.type('\u0003')
  const { code, raw, text } = await terminal.end()
  expect(code).toBe(130)
  expect(text).toContain(
    'Ended at once: what was being changed may be half done. How far it came is not known: step 1, Delete residence_ids_user:1.',
  )
  expect(raw.lastIndexOf('\u001B[?25h')).toBeGreaterThan(raw.lastIndexOf('\u001B[?25l'))
})

test('Ctrl-C while it only looks: 130', async () => {
  sandbox().redis.fail({ kind: 'slow', ms: 3000 })
  const terminal = openTerminal(at('cache:status'))
  for (let waited = 0; waited < 200 && sandbox().redis.counters.connections === 0; waited++) await new Promise((go) => setTimeout(go, 50))
  terminal.type('\u0003')
  const { code, text } = await terminal.end()
  expect(code).toBe(130)
  expect(text).toContain('Stopped on request')
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a report that is stopped by %s says what it saw and concludes nothing: %i', async (name, code) => {
  await sandbox().nodes.fail('hetzner3', { delayMs: 20_000 })
  const terminal = openTerminal(at('nodes:status'))
  await terminal.until('asking ')
  await terminal.until(' s)')
  terminal.signal(name)
  const ended = await terminal.end()
  expect(ended.code).toBe(code)
  expect(ended.text).toContain('Stopped on request')
  expect(ended.text).toContain('Seen before it was stopped')
  expect(ended.text).not.toMatch(/^(?:wrong|warning)|Nothing is wrong|next: /m)
})

test('a missing choice is asked for', async () => {
  const terminal = openTerminal(at('db:unlock'))
  await terminal.until('Which backend?')
  terminal.type('none\r')
  await terminal.until('is no process id')
  terminal.type('\u0003')
  expect((await terminal.end()).code).toBe(130)
})

test('a closed standard input is no terminal: refused before anything is changed; what is already so needs no terminal', async () => {
  const before = cached()
  const terminal = openTerminal(everyone(), { redirect: '<&-' })
  const { code, text } = await terminal.end()
  expect(code).toBe(2)
  expect(unbroken(text)).toContain('there is no terminal to ask on')
  expect([before > 0, cached()]).toEqual([true, before])
  const again = openTerminal(at('db:switch-host', '--to', 'pooler'), { redirect: '<&-' })
  expect((await again.end()).code).toBe(0)
})

test('80 columns are kept, NO_COLOR leaves no colour, and help is the same as without a terminal', async () => {
  const terminal = openTerminal(at('nodes:status'), { env: { NO_COLOR: '1' } })
  const { raw } = await terminal.end()
  expect(raw).not.toContain('\u001B[1m')
  expect(raw).not.toContain('\u001B[3')
  const help = await openTerminal(['cache:invalidate', '--help']).end()
  expect(help.raw).toContain('\u001B[1mUSAGE')
  expect(help.text).toBe((await honeydue(['cache:invalidate', '--help'])).stdout)
})

test('a reader that goes away ends nothing halfway', async () => {
  const terminal = openTerminal(three(), { redirect: '| head -1' })
  const { code, text } = await terminal.end()
  expect(code).toBe(0)
  expect(text).not.toContain('EPIPE')
  expect(sandbox().redis.store.keys()).not.toContain('residence_ids_user:3')
})
