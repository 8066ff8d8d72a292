import { expect, test } from 'vitest'
import { daysLeft, expiry } from '../../src/lib/facts/cert/days.ts'

const now = new Date('2026-11-29T12:00:00Z')
const inHours = (hours: number) => ({ notAfter: new Date(now.getTime() + hours * 3_600_000) })

test.each([
  [-25, 'expired 1 day ago', -1],
  [-24, 'expired 1 day ago', -1],
  [-23.9, 'expired 23 hours ago', 0],
  [-0.5, 'expired 30 minutes ago', 0],
  [-49, 'expired 2 days ago', -2],
  [-0.01, 'expired less than a minute ago', 0],
  [0.01, 'expires in less than a minute', 0],
  [0.02, 'expires in 1 minute', 0],
  [12, 'expires in 12 hours', 0],
  [47, 'expires in 1 day', 1],
  [24 * 31, 'expires in 31 days', 31],
])('%d hours from now: %s', (hours, words, days) => {
  expect([expiry(inHours(hours), now), daysLeft(inHours(hours), now)]).toEqual([words, days])
})
