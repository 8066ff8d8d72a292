import { expect, test } from 'vitest'
import type { JournaledRun } from '../../src/lib/journal/read-journal.ts'
import { earlierCounts, usualDurations } from '../../src/lib/journal/usual.ts'
import type { Plan } from '../../src/lib/plan/plan.ts'

const plan = (titles: readonly string[], more: object = {}) =>
  ({
    id: 'db:switch-host',
    environment: 'production',
    steps: titles.map((title) => ({ title, effect: [], already: false })),
    ...more,
  }) as unknown as Plan
const run = (of: Plan, results: readonly object[], header: object = {}, exitCode = 0) =>
  ({ header: { plan: of, ...header }, results, end: { exitCode } }) as unknown as JournaledRun
const done = (step: number, ms: number) => ({ step, ms, state: 'done' })

test('what is usual is the middle of what the same step took in the same deployment, and not of what failed or was taken back', () => {
  const now = plan(['Set DB_HOST', 'Restart api'])
  const runs = [
    run(now, [done(1, 40_000)]),
    run(now, [done(1, 38_000)]),
    run(now, [done(1, 90_000)]),
    run(now, [{ step: 1, ms: 1, state: 'unverified' }]),
    run(now, [done(1, 2)], { undoes: 'another' }),
    run(plan(['Set DB_HOST', 'Restart api'], { environment: 'sandbox' }), [done(1, 3)]),
    run(plan(['Restart api'], { id: 'deploy:restart' }), [done(0, 4)]),
  ]
  expect(usualDurations(now, runs)).toEqual([undefined, 40_000])
})

test('earlier counts are those of runs that came to their end', () => {
  const counting = (count: number) => plan([], { steps: [{ title: 'x', already: false, effect: [{ what: 'keys', count }] }] })
  expect(earlierCounts(counting(0), [run(counting(3), []), run(counting(900), [], {}, 4)])).toEqual([3])
})
