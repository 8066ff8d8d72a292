import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { findRun, readRuns } from '../../src/lib/journal/read-journal.ts'
import { whoAmI } from '../../src/lib/journal/who.ts'
import { newRunId, openJournal } from '../../src/lib/journal/write-journal.ts'
import type { Plan } from '../../src/lib/plan/plan.ts'
import { Secret } from '../../src/lib/secret.ts'

const folder = mkdtempSync(join(tmpdir(), 'honeydue-journal-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const newState = () => join(folder, String(count++))
const who = whoAmI(process.env)
const { host } = who

const plan: Plan = {
  id: 'test:lights',
  name: '00000000',
  environment: 'sandbox',
  title: 'Turn on lights',
  risk: 'routine',
  subject: 'lights',
  target: [],
  steps: [],
  blocked: [],
  uncheckable: [],
  beyond: [],
  byHand: [],
}
const begin = (state: string, more: Partial<Parameters<typeof openJournal>[1]> = {}) =>
  openJournal(state, { run: newRunId(systemClock.now()), who, line: 'honeydue test:lights', plan, ...more }, systemClock)
const intent = { type: 'intent', step: 0, title: 'Turn on a' } as const
const dead = { ...who, pid: 2 ** 22 + 1, born: '1' }

test('a run tells itself: going on, ended, interrupted with the step that nobody knows, of another machine', async () => {
  const state = newState()
  const journal = await begin(state)
  await journal.write({ type: 'begin', plan, lease: { holder: 'me', epoch: 1 } })
  await journal.write(intent)
  const status = async () => (await findRun(state, host, journal.run)).status
  expect(await status()).toBe('going on')
  await journal.write({ type: 'result', step: 0, state: 'done', ms: 12 })
  await journal.write({ type: 'end', exitCode: 0, states: ['done'] })
  await journal.close()
  expect(await status()).toBe('ended')

  const killed = await begin(state, { who: dead })
  await killed.write(intent)
  await killed.close()
  expect(await findRun(state, host, killed.run)).toMatchObject({ status: 'interrupted', unknown: 0 })
  const elsewhere = await begin(state, { who: { ...dead, host: 'another' } })
  await elsewhere.close()
  expect(await findRun(state, host, elsewhere.run)).toMatchObject({ status: 'elsewhere' })
  expect((await readRuns(state, host)).map(({ run }) => run).sort()).toEqual([journal.run, killed.run, elsewhere.run].sort())
})

test('a run is found by the end of its id; none and several are said', async () => {
  const state = newState()
  const runs = [await begin(state, { run: '20261129-0941-aaaa' }), await begin(state, { run: '20261129-0941-bbbb' })]
  for (const one of runs) await one.close()
  expect((await findRun(state, host, 'bbbb')).run).toBe('20261129-0941-bbbb')
  expect((await findRun(state, host, 'last')).run).toBe('20261129-0941-bbbb')
  await expect(findRun(state, host, '2026')).rejects.toMatchObject({ code: 'run-ambiguous' })
  await expect(findRun(state, host, 'zzzz')).rejects.toMatchObject({ code: 'run-unknown' })
})

test('a half line, as a kill leaves it, and files that are no journal hide nothing else', async () => {
  const state = newState()
  const journal = await begin(state, { who: dead })
  await journal.write(intent)
  await journal.close()
  const file = join(state, 'runs', `${journal.run}.jsonl`)
  appendFileSync(file, '{"at":"2026-11-29T09:41:00.000Z","type":"resu')
  writeFileSync(join(state, 'runs', 'odd.jsonl'), '\u0000\n{"type":7}\nnull\n')
  expect(await readRuns(state, host)).toMatchObject([{ run: journal.run, status: 'interrupted', unknown: 0 }])
})

test('its folder is the user’s alone; no secret that this process has seen reaches it, wherever it stands', async () => {
  const state = newState()
  const secret = new Secret('PLANTED-"quoted"\nin two lines')
  const { text } = { text: `it says ${secret.reveal()} in the middle` }
  const journal = await begin(state, { plan: { ...plan, title: text, target: [text], subject: secret.reveal() } })
  await journal.write({ type: 'waiting', step: 0, because: text })
  await journal.write({ type: 'end', exitCode: 4, states: [], code: 'x', failed: text, state: text })
  await journal.close()
  const file = join(state, 'runs', `${journal.run}.jsonl`)
  expect([statSync(join(state, 'runs')).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600])
  const kept = readFileSync(file, 'utf8')
  expect(kept).toContain('it says •••• in the middle')
  expect(kept).not.toContain('PLANTED')
})

test('where no journal can be written it is said before anything is changed, and none is left', async () => {
  const state = newState()
  mkdirSync(state)
  writeFileSync(join(state, 'runs'), 'no folder')
  await expect(begin(state)).rejects.toMatchObject({ exitCode: 3, code: 'journal-unwritable', state: 'Nothing was changed.' })
  await expect(begin('/dev/full')).rejects.toMatchObject({ code: 'journal-unwritable' })
  const forgotten = newState()
  await (await begin(forgotten)).forget()
  expect(readdirSync(join(forgotten, 'runs'))).toEqual([])
})
