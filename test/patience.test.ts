import { expect, test } from 'vitest'
import { systemClock } from '../src/lib/clock.ts'
import { patienceOf } from '../src/lib/patience.ts'

const ending = { ended: () => new Error('too long'), drop: () => {} }

test('what is answered at once is not waited for, however often it is asked; what takes longer is', async () => {
  const patience = patienceOf(60_000, 30_000)
  for (let i = 0; i < 20; i++) await patience.wait(() => systemClock.sleep(2), ending)
  expect(patience.left()).toBe(60_000)
  const counting = patienceOf(60_000)
  await counting.wait(() => systemClock.sleep(2), ending)
  expect(counting.left()).toBeLessThan(60_000)
})

test('waits beside each other are one wait, and after the end nothing is begun', async () => {
  let [dropped, begun] = [0, 0]
  const given = { ended: () => new Error('too long'), drop: () => dropped++ }
  const patience = patienceOf(50)
  const never = () => {
    begun++
    return new Promise<void>(() => {})
  }
  const both = await Promise.allSettled([patience.wait(never, given), patience.wait(never, given)])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await expect(patience.wait(never, given)).rejects.toThrow('too long')
  expect([dropped, begun]).toEqual([2, 2])
})
