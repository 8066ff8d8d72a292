import { describe, expect, test } from 'vitest'
import { isCircular, lookNext } from '../../src/lib/cli/look-next.ts'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import type { Environment } from '../../src/lib/environment/schema.ts'
import { Blocked } from '../../src/lib/errors.ts'
import type { Choices, Input } from '../../src/lib/plan/choice.ts'
import type { Finding } from '../../src/lib/plan/finding.ts'
import type { Outcome } from '../../src/lib/plan/outcome.ts'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare, readersOf } from '../../src/lib/plan/plan.ts'
import { isChange, isProof, type Procedure, type Step } from '../../src/lib/plan/procedure.ts'
import { takeBack, undoingOf } from '../../src/lib/plan/undo.ts'
import type { Name, Said, Systems } from '../../src/lib/systems/systems.ts'
import { changing, ofSeveral, ofThisMachine, overHttp, overOwn } from '../support/changing.ts'
import { contextOf } from '../support/context.ts'
import { followOn } from '../support/following.ts'
import { runOf } from '../support/run-of.ts'
import { refusedNow } from '../support/typed.ts'

/** One state of the deployment in which a procedure is held to the laws. */
export type LawWorld<C extends Choices> = {
  readonly name: string
  /** A function where the state itself gives it: a process id, for example. */
  readonly input: Input<C> | (() => Input<C>)
  /** Brings the deployment into this state, from its start. */
  readonly arrange: () => void | Promise<void>
  /** What was acted on is gone, so a second run is refused instead of finding all done: a pid may also be mistyped. */
  readonly again?: 'refusal'
  /** Its run sends many writes and takes long: also by `npm run test:laws` it is stopped at the first, the one in the middle and the last of them, not at each. */
  readonly long?: true
  /** Its proofs hold when they are asked for, and not all at the end: one node is proved empty before the next one is emptied onto it. */
  readonly passing?: true
  /** It was broken before, and what is broken cannot be seen to be back: the undo says so after its patience, which no test has. */
  readonly broken?: true
} & (
  | {
      /** What a run of the procedure meets: it changes something, or finds all done. */
      readonly meets: 'work' | 'nothing to do'
    }
  | {
      /** A run of the procedure is refused by its checks: what one of their reasons says. */
      readonly refused: RegExp
    }
)

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
const clock: Clock = { now: systemClock.now, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 100), signal) }

const stopped = 'stopped here by the law'

/**
 * `npm run test:laws`: every world, stopped at every writer call, which takes minutes; `npm test` holds each procedure to the laws in its first world of each kind,
 * stopped after the call in the middle, and in all worlds that refuse it. `npm run test:runs` kills the built program at more of them.
 */
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

/** Holds one procedure to the laws of the design in each of these worlds. Each law is a test of its own; those of one world follow on each other. */
export const laws = <C extends Choices, N extends Name, F>(
  procedure: Procedure<C, N, F>,
  subject: LawSubject<N>,
  worlds: readonly LawWorld<C>[],
): void => {
  const needs = procedure.needs
  const meets = (world: LawWorld<C>) => ('meets' in world ? world.meets : 'refusal')
  const chosen = worlds.filter(
    (world) => sweeping || meets(world) === 'refusal' || world === worlds.find((other) => meets(other) === meets(world)),
  )
  const plan = (input: Input<C>, systems = subject.systems()) => prepare(procedure, input, systems, contextOf(subject.environment?.()))
  const carryOut = async (input: Input<C>, systems = subject.systems()) =>
    perform(await plan(input, systems), runOf(systems, needs, { clock }))

  /** Whether the world before has left everything as it was: one reset between two of them is enough. */
  let putBack = false
  const between = async () => {
    await subject.reset()
    putBack = true
  }

  describe.each(chosen)(`${procedure.id} · $name`, (world) => {
    followOn(world === chosen.at(-1) ? undefined : between)
    const inputOf = () => (typeof world.input === 'function' ? world.input() : world.input)
    const start = async () => {
      if (!putBack) await subject.reset()
      putBack = false
      await world.arrange()
    }

    /** The dry run of this world: what stood before it and after it, how many writers it called, and what it sent that changes something. */
    const dryRun = async () => {
      await start()
      const before = await subject.observe()
      const { counted, systems } = counting(subject.systems(), needs)
      const { result: prepared, sent } = await changing(() => plan(inputOf(), systems))
      return { before, after: await subject.observe(), calls: counted.calls, prepared, sent }
    }
    let dry: Awaited<ReturnType<typeof dryRun>>

    test('law 1: a dry run changes nothing in any system', async () => {
      dry = await dryRun()
      expect(dry.calls).toBe(0)
      expect(dry.sent).toEqual({ http: [], refused: [], own: { redis: [], nodes: [], postgres: [], mail: [] } })
      expect(dry.after).toEqual(dry.before)
    }, 120_000)

    test('law 8: no secret is in its plan', () => {
      for (const secret of subject.planted) expect(JSON.stringify(dry.prepared.plan)).not.toContain(secret)
    })

    if (!('meets' in world)) {
      test('law 4: it is refused, and its reasons say why', () => {
        expect(dry.prepared.plan.blocked).toContainEqual(expect.stringMatching(world.refused))
      })

      test('what it tells to type next is another command, the one that its reasons name where they name any, and not refused here', async () => {
        const { cure, id, blocked } = dry.prepared.plan
        const next = cure ?? lookNext(id)
        const named = blocked.flatMap((because) => because.match(/honeydue [a-z]+:[a-z-]+/g) ?? [])
        if (named.length > 0) expect(named).toContain(next.split(' ').slice(0, 2).join(' '))
        expect(isCircular(next, id), `${next} leads back`).toBe(false)
        expect(await refusedNow(next, subject.systems(), contextOf(subject.environment?.())), next).toBeUndefined()
      })
      return
    }

    /** The world after a whole run: where every stopped one must come to as well. */
    let end: unknown
    let outcome: Outcome

    const runAgain = async (systems = subject.systems()) => {
      if (world.again) await expect(plan(inputOf(), systems)).rejects.toBeInstanceOf(Blocked)
      else expect((await carryOut(inputOf(), systems)).trouble).toBeUndefined()
    }

    test('law 6: every verify of what is to be done is false before, every proof true', async () => {
      const { plan: printed, steps } = dry.prepared
      expect(printed.blocked).toEqual([])
      expect(printed.steps.flatMap(({ writes }) => writes).length > 0).toBe(world.meets === 'work')
      expect(printed.steps.filter(({ kind }) => kind === 'change').every(({ already }) => already)).toBe(world.meets === 'nothing to do')
      for (const [i, step] of steps.entries()) {
        const held = await holdsOf(step, subject.systems(), needs)
        if (isChange(step)) expect(held?.ok, step.title).toBe(printed.steps[i]?.already)
        if (isProof(step) && !step.onlyAfterwards) expect(held, step.title).toEqual({ ok: true })
      }
    })

    test('law 1: what a run sends is what its plan showed', async () => {
      const { systems, counted } = counting(subject.systems(), needs)
      const { result, sent } = await changing(() => perform(dry.prepared, runOf(systems, needs, { clock })))
      outcome = result
      expect(outcome.trouble).toBeUndefined()
      const writes = dry.prepared.plan.steps.flatMap((step) => step.writes)
      expect(counted.sent).toEqual(writes.map(({ system, call, target, lines }) => JSON.stringify([system, call, target, lines])))
      // One request was taken for each write of a system that is spoken to in HTTP, and none beside them.
      const wanted = writes.filter(({ system }) => overHttp.has(system))
      const taken = sent.http.length - sent.refused.length
      if (wanted.some(({ call }) => ofSeveral.has(call))) expect(taken).toBeGreaterThanOrEqual(wanted.length)
      else expect(taken, String(sent.http)).toBe(wanted.length)
      // The others may send several commands for one write, and none where there is no write.
      for (const own of overOwn) {
        const { length } = writes.filter(({ system, call }) => system === own && !ofThisMachine.has(call))
        if (length === 0) expect(sent.own[own]).toEqual([])
        else expect(sent.own[own].length, own).toBeGreaterThanOrEqual(length)
      }
      end = await subject.observe()
    }, 120_000)

    test('law 6: every verify and every proof is true after', async () => {
      for (const step of dry.prepared.steps.filter((one) => !(world.passing && isProof(one))))
        expect((await holdsOf(step, subject.systems(), needs)) ?? { ok: true }, step.title).toEqual({ ok: true })
    })

    test('law 2: a second run applies nothing', async () => {
      const { counted, systems } = counting(subject.systems(), needs)
      await runAgain(systems)
      expect(counted.calls).toBe(0)
    })

    if (world.meets === 'nothing to do') return

    if (!world.broken)
      test('law 5: undo restores the world, or says why it cannot', async () => {
        const run = runOf(subject.systems(), needs, { clock })
        const replan = async () => (await plan(inputOf())).plan
        const { left } = await takeBack(undoingOf({ prepared: dry.prepared, states: outcome.states, run, replan }), run)
        const impossible = dry.prepared.steps.filter(
          (step, i) => outcome.states[i] === 'done' && isChange(step) && typeof step.undo === 'object' && 'impossible' in step.undo,
        )
        if (impossible.length === 0) {
          expect(left).toEqual([])
          expect(await subject.observe()).toEqual(dry.before)
        } else {
          expect(left).toHaveLength(impossible.length)
          for (const reason of left) expect(reason.length).toBeGreaterThan(20)
        }
      }, 120_000)

    test('law 3: a No at any gate applies nothing after it, and run again, it reaches the same end', async () => {
      const gates = outcome.states.filter((state) => state === 'settled').length
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
    }, 120_000)

    test('law 3: stopped at any writer call and run again, it reaches the same end', async () => {
      // Stopped before a call is the world of stopped after the one before it: only the first is tried from both sides.
      const { length } = dry.prepared.plan.steps.flatMap((step) => step.writes)
      const every = world.long ? [0, length >> 1, length - 1] : Array.from({ length }, (_, call) => call)
      const after = [...new Set(sweeping ? every : [length >> 1])].map((call) => ({ call, after: true }))
      for (const at of sweeping ? [{ call: 0, after: false }, ...after] : after) {
        await start()
        const broken = counting(subject.systems(), needs, at)
        const { trouble } = await carryOut(inputOf(), broken.systems)
        expect(broken.counted.calls).toBeGreaterThan(at.call)
        expect(trouble?.exitCode).toBe(4)
        // Stopped before anything happened, there is still what it acts on.
        if (at.after) await runAgain()
        else expect((await carryOut(inputOf())).trouble).toBeUndefined()
        expect(await subject.observe()).toEqual(end)
      }
    }, 300_000)
  })
}
