import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { followed } from '../../src/lib/logs/following.ts'
import { bell, merged } from '../../src/lib/logs/merge.ts'
import type { LogStreamRequest, Pod } from '../../src/lib/systems/kube/types.ts'

const clock = { now: systemClock.now, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 20), signal) }

const pod = (name: string, { restarts = 0, phase = 'Running' } = {}): Pod => ({
  metadata: { name, namespace: 'honeydue', uid: name, ownerReferences: [{ kind: 'Job', name: 'job', uid: 'j' }] },
  spec: { nodeName: 'n', containers: [{ name: 'c' }] },
  status: {
    phase,
    containerStatuses: [
      {
        name: 'c',
        ready: true,
        restartCount: restarts,
        state: phase === 'Running' ? { running: {} } : { terminated: { exitCode: 0 } },
      },
    ],
  },
})

const line = (second: number, text: string) => `2026-06-03T22:14:${String(second).padStart(2, '0')}.5Z ${text}\n`

test('a log that breaks off goes on where it was, each line once; a container that was started again is read from its start; a Job ends it', async () => {
  const asked: Pick<LogStreamRequest, 'sinceTime' | 'sinceSeconds' | 'previous' | 'follow'>[] = []
  const begun = line(1, 'one') + line(2, 'two') + line(2, 'two again')
  const answers = [
    async function* () {
      yield Buffer.from(begun)
      throw new Error('the connection was cut')
    },
    async function* () {
      // The server heeds whole seconds: what was told comes once more.
      yield Buffer.from(line(2, 'two') + line(2, 'two again') + line(2, 'two more') + line(3, 'three'))
    },
    async function* () {
      yield Buffer.from(line(4, 'after its restart'))
    },
  ]
  const states = [pod('a'), pod('a'), pod('a', { restarts: 1 }), pod('a', { restarts: 1, phase: 'Succeeded' })]
  let turn = 0
  const changes = bell()
  const stop = new AbortController()
  const all = followed(
    { namespace: 'honeydue', workload: 'job', since: 600_000, tail: undefined, previous: false, follow: true },
    [pod('a')],
    {
      kube: {
        pods: async () => [states[Math.min(turn++, states.length - 1)] ?? pod('a')],
        streamLog: async ({ sinceTime, sinceSeconds, previous, follow }) => {
          asked.push({
            ...(sinceTime !== undefined && { sinceTime }),
            ...(sinceSeconds !== undefined && { sinceSeconds }),
            ...(previous === true && { previous }),
            ...(follow !== undefined && { follow }),
          })
          return Readable.from(answers[asked.length - 1]?.() ?? [])
        },
      },
      clock,
      signal: stop.signal,
      changes,
      say: () => {},
    },
  )
  all.start()
  const watching = all.watch().catch(() => {})
  const told: string[] = []
  for await (const piece of merged({ feeds: all.feeds, changes, clock, signal: stop.signal, ends: all.isOver, patience: 30 })) {
    all.tell(piece)
    told.push(...piece.map(({ text }) => text))
  }
  stop.abort()
  await watching
  expect(told).toEqual(['one', 'two', 'two again', 'two more', 'three', 'after its restart'])
  // A container whose log is at its end is asked once more while its pod says that it runs.
  expect(asked.slice(0, 3)).toEqual([
    { sinceSeconds: 600, follow: true },
    { sinceTime: '2026-06-03T22:14:02Z', follow: true },
    { sinceTime: '2026-06-03T22:14:03Z', follow: true },
  ])
})
