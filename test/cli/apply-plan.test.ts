import { Chalk } from 'chalk'
import { expect, test } from 'vitest'
import { applyPlan } from '../../src/lib/cli/apply-plan.ts'
import { listenForEnd } from '../../src/lib/cli/ending.ts'
import type { Prompts } from '../../src/lib/cli/prompts.ts'
import type { Session } from '../../src/lib/cli/session.ts'
import { Interrupted } from '../../src/lib/errors.ts'
import { hopeless, when } from '../../src/lib/plan/finding.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { type Change, defineProcedure, type Step } from '../../src/lib/plan/procedure.ts'
import { Secret } from '../../src/lib/secret.ts'
import { contextOf } from '../support/context.ts'

/** A light that is turned on, and off again by its undo. */
const light = (name: string, more: Partial<Change<never>> = {}) => {
  const state = { on: false }
  const turn = async (on: boolean) => {
    state.on = on
  }
  const step: Change<never> = {
    title: `Turn on ${name}`,
    effect: [{ what: name, before: 'off', after: 'on' }],
    apply: () => turn(true),
    verify: async () => when(state.on, `${name} is off`),
    undo: () => turn(false),
    ...more,
  }
  return { state, step }
}

/** Applies live steps without a terminal; `answer` is given to every question, what was typed on the command line is `confirm`. */
const apply = async (steps: readonly Step<never>[], answer: boolean | Error | undefined, confirm?: string) => {
  const planned = steps.map((step) => ('apply' in step ? { ...step, apply: async () => {} } : step))
  const { plan } = await prepare(
    defineProcedure({
      id: 'test:lights',
      title: 'Turn on lights',
      needs: [],
      choices: {},
      risk: () => 'routine',
      gather: async () => ({}),
      subject: () => 'lights',
      steps: () => planned,
    }),
    {},
    {},
    contextOf(),
  )
  const asked: string[] = []
  const said: string[] = []
  const yes = async (message: string) => {
    asked.push(message)
    if (answer instanceof Error) throw answer
    return answer === true
  }
  const subject = (wanted: string) => yes(`Type ${wanted}`)
  const prompts: Prompts = { yes, choice: async () => '', find: async () => '', hidden: async () => new Secret(''), subject }
  const ending = listenForEnd()
  const session = { ending, systems: {} } as unknown as Session
  try {
    const outcome = await applyPlan({
      prepared: { plan, steps },
      needs: [],
      session,
      confirm,
      prompts: answer === undefined ? undefined : prompts,
      silent: true,
      say: (text) => void said.push(text),
      chalk: new Chalk({ level: 0 }),
    })
    return { outcome, asked, said: said.join('\n') }
  } finally {
    ending.close()
  }
}

const broken = light('b', { verify: async () => hopeless('the bulb is gone') }).step

test('after a failure the undo is offered, and what was changed is taken back', async () => {
  const a = light('a')
  const { outcome, asked, said } = await apply([a.step, broken], true)
  expect(outcome.trouble).toMatchObject({ exitCode: 5, code: 'cannot-hold' })
  expect(asked).toEqual(['Take back what was changed?'])
  expect(said).toContain('undo     Take back: Turn on b\n         Take back: Turn on a')
  expect(said).toContain('Taken back, and seen to be so.')
  expect(outcome.trouble).toMatchObject({ state: 'What was changed was taken back.', byHand: [] })
  expect(a.state.on).toBe(false)
})

test('No, and Ctrl-C at the question, leave the world and the first error as they are', async () => {
  for (const answer of [false, new Interrupted({ code: 'interrupted', failed: 'Stopped at the question' })]) {
    const a = light('a')
    const { outcome, said } = await apply([a.step, broken], answer)
    expect(outcome.trouble).toMatchObject({ exitCode: 5 })
    expect(said).not.toContain('Taken back')
    expect(a.state.on).toBe(true)
  }
})

test('Ctrl-C offers the undo, which it does not stop; SIGTERM offers none', async () => {
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const a = light('a')
    const stopping = light('b', { apply: async () => void process.emit(signal, signal) })
    const { outcome, asked } = await apply([a.step, stopping.step], true)
    expect(outcome.trouble).toMatchObject({ exitCode })
    expect(asked.length).toBe(signal === 'SIGINT' ? 1 : 0)
    expect(a.state.on).toBe(signal === 'SIGTERM')
  }
})

test('nothing is offered where nothing can be taken back, nothing was changed, or nobody can be asked', async () => {
  const final = light('a', { undo: { impossible: 'it stays on' } })
  expect((await apply([final.step, { ...broken, undo: { impossible: 'gone' } }], true)).asked).toEqual([])
  expect((await apply([{ title: 'Look', ask: 'Is it calm?' }, light('a').step], false)).asked).toEqual(['Is it calm?'])
  const a = light('a')
  expect((await apply([a.step, broken], undefined)).outcome.trouble).toMatchObject({ exitCode: 5 })
  expect(a.state.on).toBe(true)
})

test('a typed gate asks for the subject; --confirm has given it already, where nobody can be asked too', async () => {
  const gate: Step<never> = { title: 'Type it', ask: 'b stays on.', typed: true }
  const begin = () => ({ a: light('a'), b: light('b', { undo: { impossible: 'it stays on' } }) })
  const run = ({ a, b }: ReturnType<typeof begin>, ...how: [boolean | undefined, string?]) => apply([a.step, gate, b.step], ...how)
  const typed = begin()
  expect((await run(typed, true)).asked).toEqual(['Type production/lights'])
  expect(typed.b.state.on).toBe(true)
  for (const answer of [true, undefined]) {
    const given = begin()
    expect((await run(given, answer, 'production/lights')).asked).toEqual([])
    expect(given.b.state.on).toBe(true)
  }
  for (const how of [[undefined], [undefined, 'a lamp'], [false]] as [boolean | undefined, string?][]) {
    const kept = begin()
    const { outcome } = await run(kept, ...how)
    expect(outcome.trouble).toMatchObject({ exitCode: 6, state: 'Done: Turn on a. Not done: Turn on b.' })
    expect([kept.a.state.on, kept.b.state.on]).toEqual([true, false])
  }
})
