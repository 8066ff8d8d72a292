import { expect, test } from 'vitest'
import { drawRun } from '../../src/lib/cli/progress.ts'
import { waitWords } from '../../src/lib/cli/wait-words.ts'
import type { PlannedStep } from '../../src/lib/plan/plan.ts'

test('a wait says for what, for how long by now, what is usual and the limit', () => {
  const what = '2 of 3 pods are ready'
  expect(waitWords(what, { elapsed: 12_400, usual: 40_000, within: 300_000 })).toBe(`${what} (12 s, usually 40 s, 5 min at most)`)
  expect(waitWords(what, { elapsed: 75_000, usual: 40_000, within: 300_000 })).toBe(
    `${what} (75 s, slower than usual: 40 s, 5 min at most)`,
  )
  expect(waitWords(what, { elapsed: 0, within: 30_000 })).toBe(`${what} (30 s at most)`)
  expect(waitWords('applying', { elapsed: 0 })).toBe('applying')
})

test('a second more than a short wait usually takes is not yet slow', () => {
  expect(waitWords('x', { elapsed: 3000, usual: 1000 })).toBe('x (3 s, usually 1 s)')
})

test('in a log, a wait is told again and again while it goes on, dated, and not once more afterwards', async () => {
  const step = {
    title: 'Restart api',
    kind: 'change',
    effect: [],
    writes: [],
    already: false,
    unknown: undefined,
  } as unknown as PlannedStep
  const written: string[] = []
  const { write } = process.stderr
  process.stderr.write = ((text: string) => written.push(text) > 0) as typeof write
  const told = () => written.join('').match(/^.*\dZ {2}1 of 3 pods are ready.*$/gm) ?? []
  try {
    const drawn = drawRun([step], false, [], 20)
    await drawn.tell({ type: 'step', index: 0, phase: 'verifying' })
    await drawn.tell({ type: 'waiting', index: 0, because: '1 of 3 pods are ready', within: 60_000 })
    await expect.poll(() => told().length).toBeGreaterThanOrEqual(3)
    await drawn.tell({ type: 'settled', index: 0, state: 'done' })
    const before = told().length
    await new Promise((resolve) => setTimeout(resolve, 80))
    expect(told().length).toBe(before)
    await drawn.end()
  } finally {
    process.stderr.write = write
  }
})
