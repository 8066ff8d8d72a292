import { describe, expect, test } from 'vitest'
import { isCircular, lookNext } from '../../src/lib/cli/look-next.ts'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import type { Environment } from '../../src/lib/environment/schema.ts'
import { Blocked } from '../../src/lib/errors.ts'
import type { Choices, Input } from '../../src/lib/plan/choice.ts'
import type { Finding } from '../../src/lib/plan/finding.ts'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare, readersOf } from '../../src/lib/plan/plan.ts'
import type { Plan } from '../../src/lib/plan/planned.ts'
import { isChange, isProof, type Procedure, type Step } from '../../src/lib/plan/procedure.ts'
import { takeBack, undoingOf } from '../../src/lib/plan/undo.ts'
import type { Name, Said, Systems } from '../../src/lib/systems/systems.ts'
import { contextOf } from '../support/context.ts'
import { runOf } from '../support/run-of.ts'
import { refusedNow } from '../support/typed.ts'

/** One state of the deployment in which a procedure is held to the laws. */
export interface LawWorld<C extends Choices> {
  readonly name: string
  /** A function where the state itself gives it: a process id, for example. */
  readonly input: Input<C> | (() => Input<C>)
  /** Brings the deployment into this state, from its start. */
  readonly arrange: () => void | Promise<void>
  /** What a run of the procedure meets: it changes something, finds all done, or is refused by its checks. */
  readonly meets: 'work' | 'nothing to do' | 'refusal'
  /** What was acted on is gone, so a second run is refused instead of finding all done: a pid may also be mistyped. */
  readonly again?: 'refusal'
  /** It was broken before, and what is broken cannot be seen to be back: the undo says so after its patience, which no test has. */
  readonly broken?: true
}

/** The deployment under the laws. `observe` leaves out what passes by itself (times, revisions, pods). */
export interface LawSubject<N extends Name> {
  readonly systems: () => Pick<Systems, N>
  /** Without one, procedures that look at their environment get the built-in production values. */
  readonly environment?: () => Environment
  readonly observe: () => Promise<unknown> | unknown
  /** Everything as it was before the tests. */
  readonly reset: () => void | Promise<void>
  /** Strings that must never appear in a plan. */
  readonly planted: readonly string[]
}

/** Real time, looked at more often than an operator's run does: the sandbox's pods start in milliseconds. */
const clock: Clock = { now: systemClock.now, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 20), signal) }

const stopped = 'stopped here by the law'

/** `npm run test:laws`: every world, which takes minutes; `npm test` holds each procedure to the laws in its first world of each kind. */
const sweeping = process.env['HONEYDUE_LAWS'] === 'all'

/** The same systems with writers that count their calls and, at the `at`th, throw before or after the call. */
const counting = <N extends Name>(
  systems: Pick<Systems, N>,
  needs: readonly N[],
  at?: { readonly call: number; readonly after: boolean },
) => {
  /** `sent`: each call as its system says it, from what it was given when it was sent. */
  const counted = { calls: 0, sent: [] as string[] }
  const wrapped = needs.map((name) => {
    const system = systems[name] as unknown as {
      readonly write: Readonly<Record<string, (...args: unknown[]) => Promise<void>>>
      readonly say: Readonly<Record<string, (...args: unknown[]) => Said>>
    }
    const write = Object.fromEntries(
      Object.entries(system.write).map(([key, call]) => [
        key,
        async (...args: unknown[]) => {
          const here = counted.calls++ === at?.call
          const said = system.say[key]?.(...args)
          counted.sent.push(JSON.stringify([name, key, said?.target, [said?.line].flat()]))
          if (here && !at?.after) throw new Error(stopped)
          await call(...args)
          if (here) throw new Error(stopped)
        },
      ]),
    )
    return [name, { ...system, write }]
  })
  return { counted, systems: Object.fromEntries(wrapped) as Pick<Systems, N> }
}

const holdsOf = <N extends Name>(step: Step<N>, systems: Pick<Systems, N>, needs: readonly N[]): Promise<Finding> | undefined => {
  const look = readersOf(systems, needs)
  return isChange(step) ? step.verify(look) : isProof(step) ? step.holds(look) : undefined
}

/** Holds one procedure to the laws of the design in each of these worlds. */
export const laws = <C extends Choices, N extends Name, F>(
  procedure: Procedure<C, N, F>,
  subject: LawSubject<N>,
  worlds: readonly LawWorld<C>[],
): void => {
  const needs = procedure.needs
  const chosen = sweeping ? worlds : worlds.filter((world) => world === worlds.find(({ meets }) => meets === world.meets))
  const plan = (input: Input<C>, systems = subject.systems()) => prepare(procedure, input, systems, contextOf(subject.environment?.()))
  const carryOut = async (input: Input<C>, systems = subject.systems()) =>
    perform(await plan(input, systems), runOf(systems, needs, { clock }))

  describe.each(chosen)(`${procedure.id} · $name`, (world) => {
    const { arrange, meets } = world
    const inputOf = () => (typeof world.input === 'function' ? world.input() : world.input)
    const start = async () => {
      await subject.reset()
      await arrange()
    }

    /** The world after a whole run: where every stopped one must come to as well. */
    let end: unknown

    /** What a refused plan tells to type next is another command, the one that its reasons name where they name any, and not refused here. */
    const leadsOn = async ({ cure, id, blocked }: Plan, systems: Pick<Systems, N>) => {
      const next = cure ?? lookNext(id)
      const named = blocked.flatMap((because) => because.match(/honeydue [a-z]+:[a-z-]+/g) ?? [])
      if (named.length > 0) expect(named).toContain(next.split(' ').slice(0, 2).join(' '))
      expect(isCircular(next, id), `${next} leads back`).toBe(false)
      expect(await refusedNow(next, systems, contextOf(subject.environment?.())), next).toBeUndefined()
    }

    /** Laws 1, 4 and 8: a dry run changes nothing and says what the run writes, failed checks keep every write back, no secret is said. */
    const dryRun = async () => {
      await start()
      const before = await subject.observe()
      const { counted, systems } = counting(subject.systems(), needs)
      const prepared = await plan(inputOf(), systems)
      const printed = prepared.plan
      expect(counted.calls).toBe(0)
      expect(await subject.observe()).toEqual(before)
      if (meets === 'work') expect(printed.steps.flatMap(({ writes }) => writes).length).toBeGreaterThan(0)
      expect(printed.blocked.length > 0).toBe(meets === 'refusal')
      if (meets === 'refusal') await leadsOn(printed, systems)
      for (const secret of subject.planted) expect(JSON.stringify(printed)).not.toContain(secret)
      return { before, prepared }
    }

    const runAgain = async (systems = subject.systems()) => {
      if (world.again) await expect(plan(inputOf(), systems)).rejects.toBeInstanceOf(Blocked)
      else expect((await carryOut(inputOf(), systems)).trouble).toBeUndefined()
    }

    /** Law 3 at each gate that was asked: No applies nothing after it, and run again, it reaches the same end. */
    const declined = async (gates: number) => {
      for (let gate = 0; gate < gates; gate++) {
        await start()
        let asked = 0
        const { trouble, states } = await perform(
          await plan(inputOf()),
          runOf(subject.systems(), needs, { clock, settle: async () => asked++ !== gate }),
        )
        expect(trouble?.exitCode).toBe(6)
        expect(states.slice(states.indexOf('untouched')).every((state) => state === 'untouched')).toBe(true)
        expect((await carryOut(inputOf())).trouble).toBeUndefined()
        expect(await subject.observe()).toEqual(end)
      }
    }

    if (meets === 'refusal')
      return test('laws 1, 4 and 8: a dry run changes nothing, failed checks keep every write back, no secret is said', async () => {
        await dryRun()
      })

    test('laws 1, 2, 5, 6 and 8: the dry run, and a run of what it planned: every verify false before and true after, nothing left for a second run, undo restores the world', async () => {
      const { before: arranged, prepared } = await dryRun()
      const before = await Promise.all(prepared.steps.map((step) => holdsOf(step, subject.systems(), needs)))
      const changes = prepared.steps.map((step, i) => (isChange(step) ? before[i]?.ok : undefined)).filter((ok) => ok !== undefined)
      expect(changes.every((ok) => ok)).toBe(meets === 'nothing to do')
      for (const [i, step] of prepared.steps.entries()) if (isProof(step) && !step.onlyAfterwards) expect(before[i]).toEqual({ ok: true })

      const recorded = prepared.plan.steps.flatMap(({ writes }) => writes).length
      const first = counting(subject.systems(), needs)
      const outcome = await perform(prepared, runOf(first.systems, needs, { clock }))
      expect(outcome.trouble).toBeUndefined()
      const shown = prepared.plan.steps.flatMap(({ writes }) =>
        writes.map(({ system, call, target, lines }) => JSON.stringify([system, call, target, lines])),
      )
      expect(first.counted.sent, 'law 1: what the run sent is what its plan showed').toEqual(shown)
      expect(first.counted.calls).toBe(recorded)
      for (const step of prepared.steps) expect((await holdsOf(step, subject.systems(), needs)) ?? { ok: true }).toEqual({ ok: true })
      end = await subject.observe()

      const second = counting(subject.systems(), needs)
      await runAgain(second.systems)
      expect(second.counted.calls).toBe(0)
      if (meets === 'nothing to do' || world.broken) return

      const run = runOf(subject.systems(), needs, { clock })
      const replan = async () => (await plan(inputOf())).plan
      const { left } = await takeBack(undoingOf({ prepared, states: outcome.states, run, replan }), run)
      const impossible = prepared.steps.filter(
        (step, i) => outcome.states[i] === 'done' && isChange(step) && typeof step.undo === 'object' && 'impossible' in step.undo,
      )
      if (impossible.length === 0) {
        expect(left).toEqual([])
        expect(await subject.observe()).toEqual(arranged)
      } else {
        expect(left).toHaveLength(impossible.length)
        for (const reason of left) expect(reason.length).toBeGreaterThan(20)
      }
      await declined(outcome.states.filter((state) => state === 'settled').length)
    }, 120_000)

    if (meets === 'nothing to do') return

    test('law 3: stopped at any writer call and run again, it reaches the same end', async () => {
      // Stopped before a call is the world of stopped after the one before it: only the first is tried from both sides.
      for (let call = 0; ; call++) {
        for (const after of call === 0 ? [false, true] : [true]) {
          await start()
          const broken = counting(subject.systems(), needs, { call, after })
          const outcome = await carryOut(inputOf(), broken.systems)
          if (broken.counted.calls <= call) return expect(call).toBeGreaterThan(0)
          expect(outcome.trouble?.exitCode).toBe(4)
          // Stopped before anything happened, there is still what it acts on.
          if (after) await runAgain()
          else expect((await carryOut(inputOf())).trouble).toBeUndefined()
          expect(await subject.observe()).toEqual(end)
        }
      }
    }, 300_000)
  })
}
