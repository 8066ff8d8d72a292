import { expect, test } from 'vitest'
import { type Paging, pagerFor } from '../../src/lib/cli/pager.ts'

const long = 'line\n'.repeat(50)
const at = (more: Partial<Paging> = {}): Paging => ({
  env: {},
  stdin: { isTTY: true },
  stdout: { isTTY: true, columns: 80, rows: 24 },
  unattended: false,
  ...more,
})

test('what is higher than a terminal goes into a pager, where somebody sits at it', () => {
  expect(pagerFor(long, at())).toBe('less')
  expect(pagerFor(long, at({ env: { PAGER: 'more -s' } }))).toBe('more -s')
  expect(pagerFor('short', at())).toBeUndefined()
  expect(pagerFor('w'.repeat(80 * 40), at())).toBe('less')
})

test.each([
  { stdout: {} },
  { stdin: {} },
  { unattended: true },
  { env: { PAGER: '' } },
  { env: { PAGER: 'cat' } },
  { env: { CI: 'true' } },
  { env: { TERM: 'dumb' } },
])('none with %j', (more) => {
  expect(pagerFor(long, at(more))).toBeUndefined()
})
