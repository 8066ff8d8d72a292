import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { endAfter, limited } from '../src/lib/clock.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** When the signal came, in milliseconds, or undefined where it did not within a second. */
const came = async (signal: AbortSignal): Promise<number | undefined> => {
  const since = performance.now()
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(undefined), 1000)
    signal.addEventListener('abort', () => {
      clearTimeout(late)
      resolve(performance.now() - since)
    })
  })
}
const other = new AbortController()
// Each in a function of its own: nothing but the signal itself may hold what it was made of.
const signals: Readonly<Record<string, () => AbortSignal>> = {
  alone: () => endAfter(200),
  'in AbortSignal.any': () => AbortSignal.any([other.signal, endAfter(200)]),
  'of limited': () => limited(200, other.signal).signal,
}

test.each(Object.entries(signals))('a limit %s comes though all that nobody holds is collected', async (_, make) => {
  const waiting = came(make())
  await new Promise((resolve) => setTimeout(resolve, 20))
  collect()
  expect(await waiting).toBeGreaterThan(150)
})

test('a limit keeps no process alive', () => {
  const clock = join(import.meta.dirname, '../src/lib/clock.ts')
  const source = readFileSync(clock, 'utf8')
  const own = source.slice(source.indexOf('export const endAfter = '), source.indexOf('/** The end of something'))
  const script = `${own.replace('export ', '').replaceAll(/: (?:Duration|AbortSignal)/g, '')}\nendAfter(60_000).addEventListener('abort', () => {})`
  execFileSync(process.execPath, ['-e', script], { timeout: 20_000 })
})

test('nobody takes AbortSignal.timeout, which Node 20 collects out of AbortSignal.any', () => {
  const src = join(import.meta.dirname, '../src')
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  expect(files.length).toBeGreaterThan(500)
  expect(files.filter((file) => /AbortSignal\.timeout\(/.test(readFileSync(join(src, file), 'utf8')))).toEqual([])
})
