import { expect, test } from 'vitest'
import { watch } from '../../src/lib/cli/watch.ts'

/** Draws `pictures` one after the other on a screen of its own, and is then ended as Ctrl-C would. */
const watched = async (pictures: readonly string[], terminal: { readonly columns: number; readonly rows: number } | undefined) => {
  const ending = new AbortController()
  const written: string[] = []
  const left = [...pictures]
  await watch({
    draw: async () => left.shift() ?? '',
    every: 2000,
    clock: {
      now: () => new Date('2026-11-25T02:00:00.500Z'),
      sleep: async () => {
        if (left.length > 0) return
        ending.abort()
        throw ending.signal.reason
      },
    },
    signal: ending.signal,
    screen: { write: (text) => written.push(text), isTTY: terminal !== undefined, ...terminal },
  })
  return written
}

test('on a terminal each picture takes the place of the one before, however its lines were wrapped', async () => {
  const [first, second, third] = await watched(['a', `b\n${'\u001B[31m'}${'c'.repeat(45)}${'\u001B[39m'}`, 'd'], { columns: 40, rows: 24 })
  expect(first).toBe('2026-11-25 02:00:00 UTC, every 2 s; Ctrl-C ends\n\na\n')
  const [head, blank, b] = second?.split('\n') ?? []
  expect(head?.startsWith('\r\u001B[4A2026')).toBe(true)
  expect([blank, b]).toEqual(['\u001B[K', 'b\u001B[K'])
  // What was lower than this picture goes at its end, not before it.
  expect(second?.endsWith('\n\u001B[J')).toBe(true)
  expect(third?.startsWith('\r\u001B[6A2026')).toBe(true)
})

test('what is higher than the terminal is cut and says so', async () => {
  const [first] = await watched([Array.from({ length: 30 }, (_, n) => `line ${n}`).join('\n')], { columns: 80, rows: 10 })
  expect(first?.trimEnd().split('\n')).toHaveLength(9)
  expect(first).toContain('line 5\n… 24 more lines')
})

test('elsewhere blocks follow each other without a control character', async () => {
  expect(await watched(['a', 'b'], undefined)).toEqual(['2026-11-25 02:00:00 UTC\n\na\n\n', '2026-11-25 02:00:00 UTC\n\nb\n\n'])
})

test('an error that is not the ending ends the watching', async () => {
  const clock = { now: () => new Date(), sleep: async () => {} }
  const watching = watch({
    draw: async () => {
      throw new Error('a bug')
    },
    every: 1,
    clock,
    signal: new AbortController().signal,
    screen: { write: () => {} },
  })
  await expect(watching).rejects.toThrow('a bug')
})
