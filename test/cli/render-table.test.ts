import { Chalk } from 'chalk'
import { expect, test } from 'vitest'
import { renderTable } from '../../src/lib/cli/table.ts'

const plain = new Chalk({ level: 0 })
const host = 'ep-floral-truth-amttbc5a-pooler.c-5.us-east-1.aws.neon.tech'
const table = {
  columns: ['setting', 'value', 'source'],
  rows: [
    ['database.pooler', host, 'built-in'],
    ['database.port', '5432', 'built-in'],
  ],
}

test('a table that is wider than the terminal keeps its width, and every character of its cells', () => {
  const lines = renderTable(table, plain, { limit: 60 }).split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60)
  const [, first = '', second = '', third] = lines
  expect(first.slice(17).replace('built-in', '').trim() + second.trim()).toBe(host)
  expect(third).toMatch(/^database\.port +5432 +built-in$/)
})

test('a table that fits, or that no terminal shows, stands as it is', () => {
  const wide = renderTable(table, plain, { limit: 200 })
  expect(wide.split('\n')).toHaveLength(3)
  expect(renderTable(table, plain, { limit: undefined })).toBe(wide)
})
