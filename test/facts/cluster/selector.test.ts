import { expect, test } from 'vitest'
import { fits } from '../../../src/lib/facts/cluster/selector.ts'

const labels = { app: 'api', zone: 'a' }
const one = (key: string, operator: string, values?: readonly string[]) => ({
  matchExpressions: [{ key, operator, ...(values && { values }) }],
})

test.each([
  ['nothing is asked', {}, true],
  ['a pair', { matchLabels: { app: 'api' } }, true],
  ['another value', { matchLabels: { app: 'web' } }, false],
  ['one of two pairs', { matchLabels: { app: 'api', tier: 'x' } }, false],
  ['among', one('zone', 'In', ['b', 'a']), true],
  ['not among', one('zone', 'In', ['b']), false],
  ['among, of a label that is not there', one('tier', 'In', ['x']), false],
  ['kept out', one('zone', 'NotIn', ['a']), false],
  ['not kept out', one('zone', 'NotIn', ['b']), true],
  ['kept out, of a label that is not there', one('tier', 'NotIn', ['x']), true],
  ['there', one('zone', 'Exists'), true],
  ['wanted, and not there', one('tier', 'Exists'), false],
  ['away', one('tier', 'DoesNotExist'), true],
  ['unwanted, and there', one('zone', 'DoesNotExist'), false],
  ['an operator that is not known', one('zone', 'Gt', ['1']), true],
  ['a pair that fits and an expression that does not', { matchLabels: { app: 'api' }, ...one('zone', 'In', ['b']) }, false],
] as const)('a selector: %s', (_, selector, wanted) => {
  expect(fits(selector, labels)).toBe(wanted)
})
