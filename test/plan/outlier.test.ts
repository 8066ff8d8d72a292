import { expect, test } from 'vitest'
import { outlierOf, raise } from '../../src/lib/plan/outlier.ts'

const keys = (count: number, of?: number) => [{ what: 'residence_ids_user:*', count, ...(of !== undefined && { of }) }]

test('far more than any earlier run acted on is out of the common; as many, a few more, or a few at all are not', () => {
  expect(outlierOf(keys(504), [3, 2])).toBe('it acts on 504, where earlier runs acted on 3 at most')
  expect(outlierOf(keys(9), [1])).toBeUndefined()
  expect(outlierOf(keys(504), [400])).toBeUndefined()
  expect(outlierOf(keys(504), [])).toBeUndefined()
})

test('more than half of the whole is out of the common, where the whole is not a handful', () => {
  expect(outlierOf(keys(12, 20), [])).toBe('it acts on 12 of 20: residence_ids_user:*')
  expect(outlierOf(keys(10, 20), [])).toBeUndefined()
  expect(outlierOf(keys(3, 4), [])).toBeUndefined()
  expect(outlierOf([...keys(1000, 2400), ...keys(1000, 2400)], [])).toBe('it acts on 2000 of 2400: residence_ids_user:*')
})

test('each risk goes up by one level, and the highest stays', () => {
  expect((['routine', 'disruptive', 'irreversible'] as const).map(raise)).toEqual(['disruptive', 'irreversible', 'irreversible'])
})
