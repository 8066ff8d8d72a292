import { expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { keepFacts, unpackFacts } from '../../src/lib/plan/kept-facts.ts'
import { Secret } from '../../src/lib/secret.ts'

const through = (facts: unknown) => {
  const kept = keepFacts(facts, systemClock)
  return 'because' in kept ? kept.because : unpackFacts(JSON.parse(JSON.stringify(kept.value)), systemClock)
}

test('facts come back as they were: dates, maps, sets, what is not there, numbers that JSON has not, and the clock', () => {
  const facts = {
    at: new Date(7),
    by: new Map<unknown, unknown>([['a', new Set([1n, undefined])]]),
    none: undefined,
    far: Number.POSITIVE_INFINITY,
    list: [null, { deep: [new Date(8)] }],
    clock: systemClock,
  }
  expect(through(facts)).toEqual(facts)
  expect((through(facts) as typeof facts).clock).toBe(systemClock)
})

test('a secret, a function and what is a class’s own are kept nowhere', () => {
  expect(through({ a: [new Secret('PLANTED')] })).toContain('Secret')
  expect(through({ read: () => 1 })).toContain('function')
  expect(through({ a: new URL('http://x') })).toContain('URL')
  const round: { self?: unknown } = {}
  round.self = round
  expect(through(round)).toContain('without an end')
})
