import { expect, test } from 'vitest'
import { Blocked, Moved } from '../../src/lib/errors.ts'
import { type Finding, fails, holds, hopeless, when } from '../../src/lib/plan/finding.ts'
import { refuseMoved } from '../../src/lib/plan/identity.ts'
import { perform } from '../../src/lib/plan/perform.ts'
import type { Change, Step } from '../../src/lib/plan/procedure.ts'
import { takeBack, undoingOf } from '../../src/lib/plan/undo.ts'
import { begin, light } from '../support/lights.ts'

test('steps are applied in order, awaited, and a step that already holds is skipped', async () => {
  const [a, b] = [light('a', 3), light('b')]
  b.state.on = true
  const { clock, prepared, run } = await begin([a.step, b.step])
  expect((await perform(prepared, run)).states).toEqual(['done', 'already'])
  expect([a.state.applied, b.state.applied]).toEqual([1, 0])
  expect(clock.slept()).toBeGreaterThan(0)
})

test('what does not hold in time is exit 5, names the rest, and nothing after it runs', async () => {
  const [a, b] = [light('a', Number.POSITIVE_INFINITY), light('b')]
  const { clock, prepared, run } = await begin([a.step, b.step])
  const { states, trouble } = await perform(prepared, run)
  expect(states).toEqual(['unverified', 'untouched'])
  expect(trouble).toMatchObject({
    exitCode: 5,
    code: 'not-seen-to-hold',
    state: 'Begun, and not seen to hold: Turn on a. Not done: Turn on b.',
  })
  expect(b.state.applied).toBe(0)
  expect(clock.slept()).toBeLessThanOrEqual(10_000)
})

test('a finding that waiting cannot help stops at once', async () => {
  const a = light('a')
  const asked: Finding[] = [fails('off'), fails('off'), hopeless('the bulb is gone')]
  const { clock, prepared, run } = await begin([{ ...a.step, verify: async () => asked.shift() ?? fails('asked too often') }])
  const { trouble } = await perform(prepared, run)
  expect(trouble).toMatchObject({ exitCode: 5, code: 'cannot-hold', failed: 'Turn on a: the bulb is gone' })
  expect(clock.slept()).toBe(0)
})

test('a change that throws is exit 4 with the first reason; undo takes back what was changed, and says what it cannot', async () => {
  const [a, b] = [light('a'), light('b')]
  const broken: Change<never> = {
    ...b.step,
    apply: async () => {
      throw new Blocked({ code: 'fuse', failed: 'the fuse blew', cause: 'too many lights' })
    },
    undo: { impossible: 'a blown fuse stays blown' },
  }
  const { prepared, run } = await begin([a.step, { ...broken, verify: async () => fails('b is off') }])
  const { states, trouble } = await perform(prepared, run)
  expect(trouble).toMatchObject({ exitCode: 4, code: 'fuse', failed: 'Turn on b: the fuse blew', likely: 'too many lights' })
  expect(states).toEqual(['done', 'half'])
  expect((await takeBack(undoingOf({ prepared, states, run }), run)).left).toEqual(['Turn on b: a blown fuse stays blown'])
  expect(a.state.on).toBe(false)
})

test('undo that comes afterwards follows in the order of the plan', async () => {
  const order: string[] = []
  const step = (name: string, afterwards: boolean): Change<never> => {
    const { state, step } = light(name)
    const back = async () => {
      state.on = false
      order.push(name)
    }
    return { ...step, undo: afterwards ? { afterwards: back } : back }
  }
  const { prepared, run } = await begin([step('value', false), step('first pods', true), step('second pods', true), step('file', false)])
  const { states } = await perform(prepared, run)
  await takeBack(undoingOf({ prepared, states, run }), run)
  expect(order).toEqual(['file', 'value', 'first pods', 'second pods'])
})

test('Ctrl-C in a wait stops there: 130, and the rest is untouched', async () => {
  const ending = new AbortController()
  const [a, b] = [light('a', Number.POSITIVE_INFINITY), light('b')]
  const { prepared, run } = await begin([a.step, b.step], {
    signal: ending.signal,
    tell: (event) => {
      if (event.type === 'waiting') ending.abort()
    },
  })
  const { states, trouble } = await perform(prepared, run)
  expect(trouble).toMatchObject({ exitCode: 130 })
  expect(trouble?.state).toContain('Not done: Turn on b.')
  expect(states).toEqual(['half', 'untouched'])
})

test('a gate that is declined is exit 6', async () => {
  const b = light('b')
  const { prepared, run } = await begin([{ title: 'Look at the dashboard', ask: 'Is it calm?' }, b.step], { settle: false })
  const { trouble } = await perform(prepared, run)
  expect(trouble).toMatchObject({ exitCode: 6, state: 'Nothing was changed.' })
  expect(b.state.applied).toBe(0)
})

test('a typed gate asks for the subject, unless what it stands before is done already', async () => {
  const [a, b] = [light('a'), light('b')]
  const gate: Step<never> = {
    title: 'Type it',
    ask: 'b stays on.',
    typed: true,
    needless: async () => when(b.state.on, 'b is off'),
  }
  const asked: unknown[] = []
  const { prepared, run } = await begin([a.step, gate, b.step])
  expect(prepared.plan.steps[1]).toMatchObject({ kind: 'gate', type: 'production/lights', already: false, manual: ['# b stays on.'] })
  const wrong = await perform(prepared, { ...run, settle: async (one) => asked.push(one) > 1 })
  expect(asked).toEqual([{ title: 'Type it', ask: 'b stays on.', type: 'production/lights' }])
  expect(wrong.trouble).toMatchObject({
    exitCode: 6,
    likely: 'What was typed is not production/lights',
    state: 'Done: Turn on a. Not done: Turn on b.',
  })
  expect(wrong.trouble?.next).toContain('honeydue test:lights')
  expect(b.state.applied).toBe(0)
  const right = await perform(prepared, run)
  expect(right.states).toEqual(['already', 'settled', 'done'])
  const again = await begin([a.step, gate, b.step], { settle: false })
  expect(again.prepared.plan.steps[1]).toMatchObject({ type: 'production/lights', already: true, manual: [] })
  expect((await perform(again.prepared, again.run)).states).toEqual(['already', 'already', 'already'])
})

test('every failed check is reported, once each, before anything runs', async () => {
  const against = (because: string): Change<never> => ({ ...light(because).step, check: async () => fails(because) })
  const proof = { title: 'The fuse holds', holds: async () => fails('no fuse') }
  const { prepared } = await begin([against('no bulb'), against('no bulb'), against('no lamp'), proof])
  expect(prepared.plan.blocked).toEqual(['no bulb', 'no lamp', 'no fuse'])
})

test('a world that moved is told as a difference; volatile notes are none', async () => {
  const noted = (after: string, note: string): Change<never> => ({
    ...light('a').step,
    effect: [{ what: 'a', before: 'off', after, note }],
    apply: async () => {},
    verify: async () => fails('off'),
  })
  const plan = async (after: string, note: string) => (await begin([noted(after, note)])).prepared.plan
  const confirmed = await plan('on', '3 s ago')
  refuseMoved(confirmed, await plan('on', '4 s ago'))
  const now = await plan('bright', '4 s ago')
  expect(() => refuseMoved(confirmed, now)).toThrow(Moved)
  try {
    refuseMoved(confirmed, now)
  } catch (error) {
    expect(error).toMatchObject({ exitCode: 8, details: ['- a: off → on', '+ a: off → bright'] })
  }
})

test('nothing to do asks for no confirmation', async () => {
  const a = light('a')
  expect((await begin([{ ...a.step, apply: async () => {} }])).prepared.plan.confirm).toBe('production/lights')
  expect((await begin([{ ...a.step, verify: async () => holds }])).prepared.plan.confirm).toBeUndefined()
})
