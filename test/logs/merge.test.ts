import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import { feedOf } from '../../src/lib/logs/feed.ts'
import { bell, merged } from '../../src/lib/logs/merge.ts'
import type { Source } from '../../src/lib/logs/sources.ts'

const source = (pod: string): Source => ({
  namespace: 'honeydue',
  pod,
  node: 'n',
  container: 'c',
  kind: 'container',
  previous: false,
  oneOfMany: false,
  id: pod,
  run: 0,
  runs: true,
})

const time = (n: number) => `2026-06-03T22:14:${String(Math.floor(n / 1000)).padStart(2, '0')}.${String(n % 1000).padStart(3, '0')}Z`
const lines = (name: string, ...times: readonly number[]) => times.map((n) => `${time(n)} ${name}${n}\n`).join('')

const all = async (streams: readonly (() => Promise<Readable>)[], options: { readonly patience?: number; readonly clock?: Clock } = {}) => {
  const changes = bell()
  const clock = options.clock ?? systemClock
  const signal = new AbortController().signal
  const feeds = streams.map((open, at) =>
    feedOf(source(`p${at}`), { open, follow: options.patience !== undefined, clock, changed: changes.ring }),
  )
  const told: string[] = []
  const { patience } = options
  for await (const piece of merged({
    feeds: () => feeds,
    changes,
    clock,
    signal,
    ends: () => true,
    ...(patience !== undefined && { patience }),
  }))
    told.push(...piece.map(({ text }) => text))
  return { told, feeds }
}
const of = (text: string) => async () => Readable.from([Buffer.from(text)])

test('lines of many logs come by their time; of the same time those of the first log first, each log in its own order', async () => {
  const { told } = await all([of(lines('a', 1, 5, 5, 9)), of(lines('b', 5, 2, 6)), of(''), of(lines('c', 0, 10))])
  expect(told).toEqual(['c0', 'a1', 'a5', 'a5', 'b5', 'b2', 'b6', 'a9', 'c10'])
})

test('a log that comes late holds the others back until it is known what it has', async () => {
  const late = async function* () {
    await new Promise((resolve) => setTimeout(resolve, 60))
    yield Buffer.from(lines('late', 1))
    await new Promise((resolve) => setTimeout(resolve, 60))
    yield Buffer.from(lines('late', 7))
  }
  const { told } = await all([of(lines('a', 2, 8)), async () => Readable.from(late())])
  expect(told).toEqual(['late1', 'a2', 'late7', 'a8'])
})

test('where logs are followed, a line waits for others no longer than it is said', async () => {
  const slow = async function* () {
    await new Promise((resolve) => setTimeout(resolve, 400))
    yield Buffer.from(lines('slow', 1))
  }
  const { told } = await all([of(lines('a', 2)), async () => Readable.from(slow())], { patience: 50 })
  expect(told).toEqual(['a2', 'slow1'])
})

test('a log that cannot be read, or breaks off, costs its own lines alone', async () => {
  const broken = async function* () {
    yield Buffer.from(lines('broken', 1))
    throw new Error('cut')
  }
  const { told, feeds } = await all([
    of(lines('a', 2)),
    async () => Promise.reject(new Error('refused')),
    async () => Readable.from(broken()),
  ])
  expect(told).toEqual(['broken1', 'a2'])
  expect(feeds.map((feed) => (feed.trouble() as Error | undefined)?.message)).toEqual([undefined, 'refused', 'cut'])
})

test('a log is read no further than a piece beyond what was told', async () => {
  let given = 0
  const endless = async function* () {
    for (; given < 2000; given++) yield Buffer.from(`${lines('x', 1).trimEnd()}${'y'.repeat(10_000)}\n`)
  }
  const changes = bell()
  const feed = feedOf(source('p'), {
    open: async () => Readable.from(endless(), { highWaterMark: 1 }),
    follow: false,
    clock: systemClock,
    changed: changes.ring,
  })
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(given).toBeLessThan(15)
  let told = 0
  for await (const piece of merged({
    feeds: () => [feed],
    changes,
    clock: systemClock,
    signal: new AbortController().signal,
    ends: () => true,
  }))
    told += piece.length
  expect(told).toBe(2000)
})
