import { type Clock, seconds } from '../../src/lib/clock.ts'
import { when } from '../../src/lib/plan/finding.ts'
import type { RunEvent } from '../../src/lib/plan/outcome.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { type Change, defineProcedure, type Step } from '../../src/lib/plan/procedure.ts'
import { contextOf } from './context.ts'

/** Time passes only by sleeping. */
const steppingClock = (): Clock & { readonly slept: () => number } => {
  let time = 0
  return {
    now: () => new Date(time),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      time += ms
    },
    slept: () => time,
  }
}

/** A light that a step turns on; it shows only after `lag` looks. */
export const light = (name: string, lag = 0) => {
  const state = { on: false, looks: 0, applied: 0 }
  const step: Change<never> = {
    title: `Turn on ${name}`,
    effect: [{ what: name, before: 'off', after: 'on' }],
    apply: async () => {
      state.on = true
      state.applied++
    },
    verify: async () => when(state.on && state.looks++ >= lag, `${name} is off`),
    within: seconds(10),
    undo: async () => {
      state.on = false
    },
  }
  return { state, step }
}

const procedureOf = (steps: readonly Step<never>[]) =>
  defineProcedure({
    id: 'test:lights',
    title: 'Turn on lights',
    needs: [],
    choices: {},
    risk: () => 'disruptive',
    gather: async () => ({}),
    subject: () => 'lights',
    steps: () => steps,
  })

export const begin = async (
  steps: readonly Step<never>[],
  options: { signal?: AbortSignal; settle?: boolean; tell?: (event: RunEvent) => void } = {},
) => {
  const clock = steppingClock()
  // These steps write past every writer, so the plan is made of the same steps with nothing to record.
  const { plan } = await prepare(
    procedureOf(steps.map((step) => ('apply' in step ? { ...step, apply: async () => {} } : step))),
    {},
    {},
    contextOf(),
  )
  const prepared = { plan, steps }
  const run = {
    systems: {},
    needs: [],
    clock,
    signal: options.signal ?? new AbortController().signal,
    tell: options.tell ?? (() => {}),
    settle: async () => options.settle ?? true,
  }
  return { clock, prepared, run }
}
