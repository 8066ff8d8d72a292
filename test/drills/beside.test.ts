import { afterEach, expect, test } from 'vitest'
import { hostDrill } from '../../src/lib/drills/host.ts'
import { drills } from '../../src/lib/drills/index.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox({ postgres: true, jobs: true })

let ending = new AbortController()
afterEach(() => {
  ending.abort()
  ending = new AbortController()
})

const start = async (seed: number, falseTrail: boolean, pause = 60) => {
  const drill = await drills['queue-that-stands']?.()
  if (drill === undefined) throw new Error('no such drill')
  return hostDrill(drill, { sandbox: sandbox(), seed, falseTrail, signal: ending.signal, atOnce: true, pause })
}

const resume = () => sandbox().redis.store.delete('asynq:{default}:paused')
const patient = { timeout: 60_000, interval: 100 }

test('a false trail comes by the seed, and nothing is lost by following it or by leaving it alone', async () => {
  const heard = new Set<string>()
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    ending = new AbortController()
    const hosted = await start(seed, true)
    const said = hosted.standing().heard
    heard.add(said)
    expect(said).toMatch(/ adds: "/)
    resume()
    if (seed % 2 === 0) for (const { alias } of nodes) sandbox().nodes.node(alias).state.setRebootRequired(false)
    await expect.poll(async () => (await hosted.check()).passed, patient).toBe(true)
    expect((await hosted.check()).innocent).toBeTruthy()
    ending.abort()
    await sandbox().reset()
    ending = new AbortController()
    expect((await start(seed, true)).standing().heard).toBe(said)
    ending.abort()
    await sandbox().reset()
  }
  expect(heard.size).toBeGreaterThan(2)
}, 200_000)

test('jobs are followed: done, put in twice by two schedulers, and refused by Redis', async () => {
  const hosted = await start(1, false)
  const jobs = () => hosted.standing().jobs
  // The queue stands: they wait, and none is lost.
  await expect.poll(() => jobs().made, patient).toBeGreaterThan(3)
  expect(jobs()).toMatchObject({ done: 0, lost: 0, doubled: 0, refused: 0 })
  resume()
  await expect.poll(() => jobs().done, patient).toBeGreaterThan(3)
  const schedulers = sandbox().redis.store.get('asynq:schedulers')
  if (schedulers?.type !== 'zset') throw new Error('no scheduler lives')
  schedulers.scores.set('asynq:schedulers:{another}', Date.now() / 1000 + 60)
  await expect.poll(() => jobs().doubled, patient).toBeGreaterThan(0)
  sandbox().redis.fail({ kind: 'refuses', commands: ['lpush'], words: 'OOM command not allowed' })
  await expect.poll(() => jobs().refused, patient).toBeGreaterThan(0)
  sandbox().redis.fail(undefined)
  expect((await hosted.check()).symptom.find(({ what }) => what === 'No job was lost')?.because).toBeUndefined()
}, 200_000)
