import { expect, test } from 'vitest'
import { age } from '../../src/lib/age.ts'
import { timeAndAge } from '../../src/lib/facts/ages.ts'

test('an age is told in the two units that matter', () => {
  expect([40, 840, 14_700, 1_051_200, 10_627_200].map(age)).toEqual(['40 s', '14 min', '4 h 5 min', '12 d 4 h', '123 d'])
  // At the borders nothing is rounded up: a second more may still pass.
  expect([0.4, 59.6, 119.9, 3599, 86_399, 90_000, 169_200, 8_640_000 - 1].map(age)).toEqual([
    '0 s',
    '59 s',
    '1 min',
    '59 min',
    '23 h 59 min',
    '1 d 1 h',
    '1 d 23 h',
    '99 d 23 h',
  ])
})

test('a time is told in UTC and as an age, with its date where that is not today', () => {
  const now = new Date('2026-11-25T08:14:00Z')
  expect(timeAndAge('2026-11-25T09:00:00+01:00', now)).toBe('08:00 UTC, 14 min ago')
  expect(timeAndAge('2026-04-24T18:00:00Z', now)).toBe('2026-04-24 18:00 UTC, 214 d ago')
})

test('what is no time is told as it was said', () => {
  expect(timeAndAge('yesterday', new Date('2026-11-25T08:14:00Z'))).toBe('yesterday')
})
