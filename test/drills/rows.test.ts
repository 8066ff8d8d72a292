import { expect, test } from 'vitest'
import { drills } from '../../src/lib/drills/index.ts'

/** What chapter 16 has about nodes and what stands on one alone, and the drills in which it is broken and repaired. */
const rows: Readonly<Record<string, readonly string[]>> = {
  'one node’s network fails': ['node-away', 'node-gone'],
  'two nodes fail': ['two-nodes-away', 'two-nodes-gone'],
  'Redis data lost, or moved with its node': ['redis-lost'],
  'Redis at its limit of memory': ['redis-refuses'],
}

test.each(Object.entries(rows))('chapter 16: %s', async (_, names) => {
  for (const name of names) expect((await drills[name]?.())?.source, name).toMatch(/^chapter 16\b/)
})
