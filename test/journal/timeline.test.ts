import { expect, test } from 'vitest'
import type { Begin } from '../../src/lib/journal/entries.ts'
import type { JournaledRun } from '../../src/lib/journal/read-journal.ts'
import { storyOf, timelineOf } from '../../src/lib/journal/timeline.ts'
import type { StepState } from '../../src/lib/plan/outcome.ts'
import type { Plan } from '../../src/lib/plan/plan.ts'

const titles = ['Set the host', 'Restart api', 'The site answers'] as const
const plan: Plan = {
  id: 'db:switch-host',
  name: 'aaaaaaaa',
  environment: 'sandbox',
  title: 'Switch the host',
  risk: 'disruptive',
  subject: 'direct',
  target: [],
  steps: titles.map((title, i) => ({
    kind: i < 2 ? 'change' : 'proof',
    title,
    effect: i < 2 ? [{ what: `what ${i}`, before: 'old', after: 'new|`er`' }] : [],
    already: false,
    fidelity: 'observed',
    manual: [],
    writes: [],
  })),
  blocked: [],
  uncheckable: [],
  beyond: [],
  byHand: [],
}

/** A run of which each thing happened at a second of its day. */
const run = (id: string, day: string, more: (at: (second: number) => string) => Partial<JournaledRun>, undoes?: string): JournaledRun => {
  const start = Date.parse(`2026-11-${day}Z`)
  const at = (second: number) => new Date(start + second * 1000).toISOString()
  const who = { user: 'treyt', host: 'mac', pid: 1, born: '1' }
  const line = 'honeydue db:switch-host --to direct'
  const header = { type: 'plan', version: 1, at: at(0), run: id, who, line, plan, ...(undoes !== undefined && { undoes }) } as const
  return { run: id, header, intents: [], results: [], waits: [], notes: [], status: 'ended', ...more(at) }
}
const begin = (at: string, lease: Begin['lease'] = { holder: 'treyt@mac', epoch: 1 }) => ({ type: 'begin', at, plan, lease }) as const
const intent = (step: number, at: string) => ({ type: 'intent', at, step, title: titles[step] ?? '' }) as const
const result = (step: number, state: StepState, at: string, ms = 5) => ({ type: 'result', at, step, state, ms }) as const
const done = (at: string) => ({ type: 'end', at, exitCode: 0, states: [] }) as const

const killed = run('r-1', '29T02:11:00', (at) => ({
  begin: begin(at(1)),
  intents: [intent(0, at(1)), intent(1, at(2))],
  results: [result(0, 'done', at(2))],
  waits: [
    { type: 'waiting', at: at(2), step: 1, because: 'its controller has not yet seen the change' },
    { type: 'waiting', at: at(3), step: 1, because: '3 of 4 pods are old' },
    { type: 'waiting', at: at(63), step: 1, because: '1 of 4 pods is old' },
  ],
  notes: [{ type: 'note', at: at(90), who: 'eva@mac', text: 'the laptop lost its power' }],
  status: 'interrupted',
  unknown: 1,
}))
const rows = (...runs: readonly JournaledRun[]) =>
  timelineOf(runs)
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (?:Time|---)/.test(line))
    .map((line) => line.slice(2, -2))

test('a run that was killed and gone on with is one table: what was done, how long it hung, who went on, what had become of the step', () => {
  const again = (state: StepState) =>
    run('r-2', '29T02:13:03', (at) => ({
      begin: begin(at(1), { holder: 'treyt@mac', epoch: 2, from: { holder: 'treyt@mac/r-1', ended: true } }),
      intents: state === 'done' ? [intent(1, at(2))] : [],
      results: [result(0, 'already', at(1)), result(1, state, at(47), 45_000), result(2, 'proven', at(48))],
      end: done(at(48)),
    }))
  expect(
    timelineOf([killed, again('done')])
      .split('\n')
      .slice(0, 3),
  ).toEqual([
    '## Switch the host: interrupted in step 2, then done',
    '',
    'In sandbox, on direct. 2026-11-29, 02:11:00 to 02:13:51 (3 min), all times in UTC.',
  ])
  expect(rows(killed, again('done'))).toEqual([
    '02:11:00 | treyt@mac ran `honeydue db:switch-host --to direct`. (Run r-1, plan aaaaaaaa, epoch 1.)',
    '02:11:02 | Step 1, Set the host: done, and seen to hold. what 0: `old` → `` new\\|`er` ``.',
    '02:11:02 | Step 2, Restart api: begun.',
    '02:11:03 | Step 2 waited for 60 s: 3 of 4 pods are old.',
    'after 02:12:03 | The program was ended without a word. Step 2 was under way; last seen: 1 of 4 pods is old.',
    '02:12:30 | Note of eva@mac: the laptop lost its power',
    '02:13:03 | treyt@mac ran `honeydue db:switch-host --to direct` again, 60 s later, and took the operators’ lease over from treyt@mac/r-1, whose program had ended. (Run r-2, plan aaaaaaaa, epoch 2.)',
    '02:13:04 | Step 1 was so already.',
    '02:13:05 | Step 2, Restart api: begun.',
    '02:13:50 | Step 2, Restart api: had not come to its end in run r-1: done, and seen to hold, after 45 s. what 1: `old` → `` new\\|`er` ``.',
    '02:13:51 | Step 3, The site answers: seen to hold.',
    '02:13:51 | Done, and seen to hold.',
  ])
  expect(rows(killed, again('already')).find((row) => row.includes('Step 2, Restart api: had'))).toBe(
    '02:13:50 | Step 2, Restart api: had come to its end in run r-1 after all. what 1: `old` → `` new\\|`er` ``.',
  )
})

test('an interruption that nobody went on from says how to look; a lease of who was silent, a run without one, and a taking back are told', () => {
  expect(rows(killed).at(-2)).toMatch(/How far it came, `honeydue db:switch-host --to direct --dry-run` shows\.$/)
  const silent = run('r-2', '30T00:10:00', (at) => ({
    begin: begin(at(1), { holder: 'adam@pc', epoch: 2, from: { holder: 'eva@laptop/r-0', ended: false } }),
    end: { type: 'end', at: at(2), exitCode: 5, states: [], failed: 'Restart api: 0 of 3 pods are ready', state: 'Begun: Restart api.' },
  }))
  const back = run('r-3', '30T00:20:00', (at) => ({ begin: begin(at(0), { none: 'the API is away' }), end: done(at(1)) }), 'r-2')
  const told = rows(killed, silent, back).join('\n')
  expect(told).toContain('2026-11-30 00:10:00 | treyt@mac ran `honeydue db:switch-host --to direct` again, 22 h later, and took')
  expect(told).toContain('over from eva@laptop/r-0, who had stopped renewing it.')
  expect(told).toContain('Stopped with exit 5: Restart api: 0 of 3 pods are ready. Begun: Restart api.')
  expect(told).toContain('treyt@mac took run r-2 back, without a lease: the API is away.')
  expect(told.endsWith('Taken back, and seen to hold.')).toBe(true)
})

test('one story: from where it went on, what went on from it and took it back; not what was done well before, or is of another subject', () => {
  const ended = (id: string, day: string, undoes?: string) => run(id, day, (at) => ({ begin: begin(at(0)), end: done(at(1)) }), undoes)
  const before = ended('r-0', '29T01:00:00')
  const next = ended('r-2', '29T02:20:00')
  const back = ended('r-3', '29T03:00:00', 'r-2')
  const later = ended('r-4', '29T04:00:00')
  const other: JournaledRun = { ...ended('r-5', '29T02:15:00'), begin: { ...begin('x'), plan: { ...plan, subject: 'pooler' } } }
  const all = [later, other, back, next, killed, before]
  for (const id of ['r-1', 'r-2', 'r-3']) expect(storyOf(id, all).map((one) => one.run)).toEqual(['r-1', 'r-2', 'r-3'])
  expect(storyOf('r-0', all).map((one) => one.run)).toEqual(['r-0'])
  expect(storyOf('r-1', [killed, ended('r-9', '30T03:00:00')]).map((one) => one.run)).toEqual(['r-1'])
})
