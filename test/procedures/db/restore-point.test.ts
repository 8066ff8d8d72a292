import { expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Environment } from '../../../src/lib/environment/schema.ts'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { restorePoint } from '../../../src/lib/procedures/db/restore-point.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { contextOf } from '../../support/context.ts'
import { runOf } from '../../support/run-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })

const run = async (more: Partial<Environment['neon']> = {}) => {
  const environment = { ...sandbox().environment, neon: { ...sandbox().environment.neon, ...more } }
  const systems = openSystems(environment, systemClock, new AbortController().signal)
  try {
    const prepared = await prepare(restorePoint, {}, systems, contextOf(environment))
    const clock = { now: systemClock.now, sleep: (ms: number) => systemClock.sleep(Math.min(ms, 10)) }
    return { plan: prepared.plan, outcome: await perform(prepared, runOf(systems, restorePoint.needs, { clock })) }
  } finally {
    await systems.close()
  }
}
const count = () => sandbox().neon.branches.length

test('without a project, or a key, a person is told where to click and what to call it; nothing is asked of Neon', async () => {
  sandbox().neon.trouble = 'reset'
  for (const [lacks, because] of [
    [{ project: undefined }, 'neon.project is not in the configuration'],
    [{ api_key_command: undefined }, 'neither NEON_API_KEY nor neon.api_key_command is set'],
  ] as const) {
    const { plan, outcome } = await run(lacks)
    expect(plan.steps.map(({ kind, title }) => [kind, title])).toEqual([['gate', "Make a restore point of version 2 in Neon's console"]])
    const said = JSON.stringify(plan)
    for (const word of [because, 'https://console.neon.tech', 'ep-floral-truth-amttbc5a', 'before-YYYYMMDD-HHMM-v2'])
      expect(said).toContain(word)
    expect(outcome.states).toEqual(['settled'])
  }
})

test('an answer that is lost after the branch was made: the next run waits for that branch and makes no second one', async () => {
  sandbox().neon.trouble = 'lost answer'
  expect((await run()).outcome.trouble?.exitCode).toBe(4)
  expect(count()).toBe(2)
  sandbox().neon.trouble = 'none'
  sandbox().neon.slow = 3
  const { outcome } = await run()
  expect([outcome.trouble, count()]).toEqual([undefined, 2])
})

test('a key that is not accepted, and a project that it does not see, end before any plan', async () => {
  await expect(run({ api_key_command: ['printf', 'other'] })).rejects.toMatchObject({ code: 'neon-credentials', exitCode: 9 })
  await expect(run({ project: 'another' })).rejects.toMatchObject({ code: 'neon-not-found', exitCode: 9 })
})

test('a plan that has no room for one more branch says so, and changes nothing', async () => {
  sandbox().neon.limit = 1
  const { outcome } = await run()
  expect([outcome.trouble?.exitCode, count()]).toEqual([4, 1])
  expect(JSON.stringify([outcome.trouble?.likely, outcome.trouble?.details, outcome.trouble])).toContain('BRANCHES_LIMIT_EXCEEDED')
})
