import { expect, test } from 'vitest'
import { matcher } from '../../src/lib/logs/pattern.ts'

test('a pattern is matched line by line; one that is none, and one that would never be done, are refused', () => {
  const matches = matcher('time.?out|refused$')
  expect(matches(['timeout', 'connection refused', 'refused by'])).toEqual([true, true, false])
  expect(matches([])).toEqual([])
  expect(() => matcher('(')).toThrow(expect.objectContaining({ code: 'flag-grep', exitCode: 2 }))
  expect(() => matcher('^(a+)+$')([`${'a'.repeat(60)}b`])).toThrow(
    expect.objectContaining({ code: 'flag-grep', failed: expect.stringContaining('took more than 2 s') }),
  )
})
