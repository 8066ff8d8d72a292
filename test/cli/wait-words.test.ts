import { expect, test } from 'vitest'
import { waitWords } from '../../src/lib/cli/wait-words.ts'

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
