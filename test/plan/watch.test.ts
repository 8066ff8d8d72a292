import { expect, test } from 'vitest'
import type { Clock } from '../../src/lib/clock.ts'
import type { Watching } from '../../src/lib/plan/procedure.ts'
import { watchOf } from '../../src/lib/plan/watch.ts'

/** A clock on which only the shortest pauses come to their end. */
const stillClock = () => {
  const asked: number[] = []
  const clock: Clock = {
    now: () => new Date(0),
    sleep: (ms, signal) => {
      asked.push(ms)
      if (ms <= 50) return Promise.resolve()
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }))
    },
  }
  return { clock, asked }
}
const open = new AbortController().signal

test('what a watch tells ends the pause, also what it told before', async () => {
  let tell = () => {}
  const { clock } = stillClock()
  const watching = async (_: object, changed: () => void) => {
    tell = changed
  }
  const watch = watchOf({ watching }, {}, { clock, signal: open })
  tell()
  await watch.pause(1000, 60_000)
  const pause = watch.pause(1000, 60_000)
  await Promise.resolve()
  setImmediate(tell)
  await pause
  watch.end()
})

test('while a watch stands the clock asks seldom, and never past the end; without one, and once it has failed, as before', async () => {
  const longest = async (watching: Watching<never> | undefined, left: number) => {
    const { clock, asked } = stillClock()
    const stop = new AbortController()
    const watch = watchOf({ ...(watching && { watching }) }, {}, { clock, signal: stop.signal })
    await new Promise(setImmediate)
    await watch.pause(1, 60_000)
    setImmediate(() => stop.abort(new Error('stopped')))
    await expect(watch.pause(1000, left)).rejects.toThrow('stopped')
    return Math.max(...asked)
  }
  const standing = async (_: object, changed: () => void) => {
    changed()
    await new Promise(() => {})
  }
  const failed = async (_: object, changed: () => void) => {
    changed()
    throw new Error('403')
  }
  expect(await longest(standing, 60_000)).toBe(4950)
  expect(await longest(standing, 2000)).toBe(1950)
  expect(await longest(undefined, 60_000)).toBe(950)
  expect(await longest(failed, 60_000)).toBe(950)
})

test('a watch is ended with the step', async () => {
  const ended: boolean[] = []
  const { clock } = stillClock()
  const watch = watchOf(
    { watching: async (_, _changed, signal) => void signal.addEventListener('abort', () => ended.push(true)) },
    {},
    { clock, signal: open },
  )
  watch.end()
  expect(ended).toEqual([true])
})
