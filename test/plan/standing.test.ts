import { expect, test } from 'vitest'
import { seconds } from '../../src/lib/clock.ts'
import { when } from '../../src/lib/plan/finding.ts'
import { perform } from '../../src/lib/plan/perform.ts'
import type { Change } from '../../src/lib/plan/procedure.ts'
import { begin, light } from '../support/lights.ts'

const slow = (name: string, looks: number, onLook: (look: number) => void): Change<never> => {
  let count = 0
  const { step, state } = light(name)
  return {
    ...step,
    within: seconds(600),
    verify: async () => {
      if (state.on) onLook(count)
      return when(state.on && ++count > looks, `${name} is not bright yet`)
    },
  }
}

test('what somebody undoes while a later step is waited for stops the run with 8, who and what, and is not told as done', async () => {
  const a = light('a')
  const b = slow('b', 500, (look) => {
    if (look === 3) a.state.on = false
  })
  const { clock, prepared, run } = await begin([a.step, b, light('c').step])
  const { states, trouble } = await perform(prepared, {
    ...run,
    blame: async ({ title }) => `kubectl-edit changed ${title} at 02:11:32 UTC`,
  })
  expect(trouble).toMatchObject({
    exitCode: 8,
    code: 'undone-meanwhile',
    failed: 'What was done does not hold any more: Turn on a: a is off',
    likely: 'kubectl-edit changed Turn on a at 02:11:32 UTC',
    details: expect.arrayContaining(['- a: on', '+ a is off']),
  })
  expect(states).toEqual(['undone', 'half', 'untouched'])
  expect(trouble?.state).toContain('Done, and undone since by somebody else: Turn on a.')
  expect(trouble?.state).not.toMatch(/(^|\. )Done: /)
  expect(clock.slept()).toBeLessThan(60_000)
})

test('what comes back by itself, as pods do, stops nothing', async () => {
  const a = light('a')
  const b = slow('b', 30, (look) => {
    a.state.on = look < 3 || look > 7
  })
  const { prepared, run } = await begin([a.step, b])
  expect((await perform(prepared, run)).states).toEqual(['done', 'done'])
})

test('what is undone before the next step begins, or before the end, is not told as done either', async () => {
  for (const later of [light('b').step, undefined]) {
    const a = light('a')
    const settled: string[] = []
    const { prepared, run } = await begin(later ? [a.step, later] : [a.step], {
      tell: (event) => {
        if (event.type !== 'settled') return
        settled.push(event.state)
        a.state.on = false
      },
    })
    const { states, trouble } = await perform(prepared, run)
    expect(trouble).toMatchObject({ exitCode: 8, code: 'undone-meanwhile' })
    expect(states).toEqual(later ? ['undone', 'untouched'] : ['undone'])
  }
})

test('a change asks its check again just before it acts', async () => {
  const a = light('a')
  let fuse = true
  const b: Change<never> = { ...light('b').step, check: async () => when(fuse, 'the fuse is out') }
  const blows: Change<never> = {
    ...a.step,
    verify: async () => {
      fuse = !a.state.on
      return when(a.state.on, 'a is off')
    },
  }
  const { prepared, run } = await begin([blows, b])
  const { states, trouble } = await perform(prepared, run)
  expect(trouble).toMatchObject({ exitCode: 8, code: 'check-failed-now', failed: 'Turn on b: the fuse is out' })
  expect(states).toEqual(['done', 'untouched'])
})

test('a guard that throws keeps the change from acting, and an intent is told before it', async () => {
  const a = light('a')
  const told: string[] = []
  const { prepared, run } = await begin([a.step], { tell: (event) => void told.push(event.type === 'step' ? event.phase : event.type) })
  const { states, trouble } = await perform(prepared, {
    ...run,
    guard: async () => {
      expect(told).toEqual(['applying'])
      throw new Error('not ours any more')
    },
  })
  expect([a.state.applied, states]).toEqual([0, ['untouched']])
  expect(trouble?.failed).toContain('not ours any more')
})

test('what cannot be read has not fallen', async () => {
  const a = light('a')
  const b = light('b')
  const step: Change<never> = {
    ...a.step,
    verify: async () => {
      if (b.state.on) throw new Error('no answer')
      return when(a.state.on, 'a is off')
    },
  }
  const { prepared, run } = await begin([step, b.step])
  expect((await perform(prepared, run)).states).toEqual(['done', 'done'])
})
