import type { Clock, Duration } from '../clock.ts'
import { seconds } from '../clock.ts'
import { Blocked, Declined, Failed, Interrupted, Moved, reasonOf, Trouble, Unverified } from '../errors.ts'
import type { ShellLine } from '../shell.ts'
import type { Name, Readers, Systems, Writers } from '../systems/systems.ts'
import { accountOfRun } from './account.ts'
import type { Finding } from './finding.ts'
import type { Outcome, StepState, Tell } from './outcome.ts'
import { lastingReadersOf, type Plan, type PlannedStep, type Prepared } from './plan.ts'
import { type Change, isChange, isProof, type Proof, type Step } from './procedure.ts'
import { blamed, refuseStale } from './stale.ts'
import { type LookingBack, lookingBack } from './standing.ts'
import { watchOf } from './watch.ts'

export interface Run<N extends Name> {
  readonly systems: Pick<Systems, N>
  readonly needs: readonly N[]
  readonly clock: Clock
  /** Aborted by Ctrl-C: the run stops at the next safe point, which is between two steps or in a wait. */
  readonly signal: AbortSignal
  /** The command line that goes on after a failure; the procedure's name alone where nobody typed one. */
  readonly again?: ShellLine
  readonly tell: Tell
  /** Asked just before a change acts, whether this run may still change anything. Throws where not. */
  readonly guard?: () => Promise<void>
  /** The same step, made anew of facts that are read now; undefined where the plan has no such step any more. */
  readonly afresh?: (title: string) => Promise<Step<N> | undefined>
  /** Who changed what a step had made, where a system can say so: "kubectl-edit at 02:11:32 UTC". */
  readonly blame?: (step: PlannedStep) => Promise<string | undefined>
  /** A step whose verify holds already is done all the same: of a plan that takes back, where the world is known only after it. */
  readonly always?: true
  /** A step that fails does not keep the others from being done. The first failure is the one that is told. */
  readonly goOn?: true
  /** Puts a gate's question to the operator; true where the answer is yes, or `type` was typed. */
  readonly settle: (gate: Asked, signal: AbortSignal) => Promise<boolean>
}

/** A gate as the plan shows it. */
export type Asked = Pick<PlannedStep, 'title' | 'type'> & { readonly ask: string }

/** Applies the steps in order, each verified before the next; never throws what a step threw, but accounts for it. */
export const perform = async <N extends Name>(prepared: Prepared<N>, run: Run<N>): Promise<Outcome> => {
  const states: StepState[] = prepared.steps.map(() => 'untouched')
  let first: Trouble | undefined
  const look = lastingReadersOf(run.systems, run.needs)
  const back = run.always ? undefined : lookingBack({ ...run, prepared, states, look, blame: run.blame })
  const written = prepared.steps.map(() => 0)
  for (const [index, step] of prepared.steps.entries()) {
    try {
      if (run.signal.aborted) throw interrupted(run.signal)
      states[index] = await performStep(
        step,
        index,
        prepared.plan,
        { ...run, back },
        {
          began: (state) => {
            states[index] = state
          },
          wrote: () => {
            written[index] = (written[index] ?? 0) + 1
          },
        },
      )
      await run.tell({ type: 'settled', index, state: states[index] ?? 'untouched' })
    } catch (error) {
      const trouble = accountFor(error, step, run.signal)
      if (trouble instanceof Unverified) states[index] = 'unverified'
      await run.tell({ type: 'settled', index, state: states[index] ?? 'half', because: trouble.failed })
      first ??= trouble
      if (run.goOn && !run.signal.aborted) continue
      break
    }
  }
  if (!first)
    first = await back?.now().then(
      () => undefined,
      (error: unknown) => (error instanceof Trouble ? error : new Failed({ code: 'look-back', failed: reasonOf(error) })),
    )
  if (first && back) for (const { index } of await back.fallen()) states[index] = 'undone'
  return first ? { states, trouble: accountOfRun(first, prepared.plan, { states, written }, run.again) } : { states }
}

const performStep = async <N extends Name>(
  step: Step<N>,
  index: number,
  { steps }: Plan,
  run: Run<N> & { readonly back: LookingBack | undefined },
  { began, wrote }: { readonly began: (state: 'half' | 'unverified') => void; readonly wrote: () => void },
): Promise<StepState> => {
  const look = lastingReadersOf(run.systems, run.needs)
  if (isProof(step)) {
    began('unverified')
    await awaitHolding(() => step.holds(look), step, look, index, run)
    return 'proven'
  }
  if (!isChange(step)) {
    if ((await step.needless?.(look))?.ok) return 'already'
    const { title, note } = step
    const ask = note === undefined ? step.ask : `${step.ask} ${note}`
    const type = steps[index]?.type
    if (await run.settle({ title, ask, ...(type !== undefined && { type }) }, run.signal)) return 'settled'
    throw new Declined({
      code: 'gate-declined',
      failed: `Stopped at "${title}"`,
      cause: type === undefined ? 'The answer was not yes' : `What was typed is not ${type}`,
      ...(type === undefined && { next: 'Run the command again when it is settled' }),
    })
  }
  if (!run.always && (await step.verify(look)).ok) return 'already'
  await run.back?.now()
  const still = await step.check?.(look)
  if (still && !still.ok) {
    throw new Moved({
      code: 'check-failed-now',
      failed: `${step.title}: ${still.because}`,
      cause: 'It held when the run began: somebody else, or a deploy, changed it meanwhile',
    })
  }
  // Of the first one everything was read a moment ago.
  if (index > 0) await refuseStale(step, steps[index], look, run)
  if (run.signal.aborted) throw interrupted(run.signal)
  await run.tell({ type: 'step', index, phase: 'applying' })
  await run.guard?.()
  began('half')
  let allowed = run.clock.now().getTime()
  const underway = async (soFar: string) => {
    await run.tell({ type: 'underway', index, soFar })
    // Work that goes on for long, or was stopped in its middle, asks again.
    if (run.clock.now().getTime() - allowed < seconds(5)) return
    await run.guard?.()
    allowed = run.clock.now().getTime()
  }
  await step.apply(counted(writersOf(run.systems, run.needs), wrote), run.signal, underway).catch(async (error: unknown) => {
    throw new ApplyFailure(error instanceof Moved ? await blamed(error, steps[index], run) : error)
  })
  await run.tell({ type: 'step', index, phase: 'verifying' })
  await awaitHolding(() => step.verify(look), step, look, index, run)
  return 'done'
}

/** Marks that an apply had begun: from here on something may have changed. */
class ApplyFailure extends Error {
  readonly thrown: unknown
  constructor(thrown: unknown) {
    super('apply')
    this.thrown = thrown
  }
}

const awaitHolding = async <N extends Name>(
  ask: () => Promise<Finding>,
  step: Change<N> | Proof<N>,
  look: Readers<N>,
  index: number,
  run: Run<N> & { readonly back: LookingBack | undefined },
): Promise<void> => {
  const { title, within = seconds(30) } = step
  const watch = watchOf(step, look, run)
  const end = run.clock.now().getTime() + within
  try {
    for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
      const finding = await ask().catch((error: unknown): Finding => {
        // Somebody else has changed it again: no waiting brings it back.
        if (error instanceof Moved) throw error
        return { ok: false, because: reasonOf(error) }
      })
      if (finding.ok) return
      if (run.signal.aborted) throw interrupted(run.signal)
      const late = run.clock.now().getTime() + pause > end
      if (late || finding.hopeless) throw notHolding(title, within, finding)
      await run.back?.inPassing()
      await run.tell({ type: 'waiting', index, because: finding.because, within })
      await watch.pause(pause, end - run.clock.now().getTime()).catch(() => {
        throw interrupted(run.signal)
      })
    }
  } finally {
    watch.end()
  }
}

const notHolding = (title: string, within: Duration, finding: Finding & { readonly ok: false }): Unverified =>
  new Unverified({
    code: finding.hopeless ? 'cannot-hold' : 'not-seen-to-hold',
    failed: `${title}: ${finding.because}`,
    cause: finding.hopeless
      ? 'Waiting longer cannot help'
      : `It did not hold within ${Math.round(within / 1000)} s; it may still come to hold`,
    ...(finding.next !== undefined && { next: finding.next }),
  })

/** The signal's own reason, which knows whether Ctrl-C, SIGTERM or another operator was meant. */
const interrupted = ({ reason }: AbortSignal): Trouble =>
  reason instanceof Trouble ? reason : new Interrupted({ code: 'interrupted', failed: 'Stopped on request' })

const accountFor = <N extends Name>(error: unknown, step: Step<N>, signal: AbortSignal): Trouble => {
  const began = error instanceof ApplyFailure
  const thrown = began ? error.thrown : error
  if (signal.aborted && !(thrown instanceof Interrupted)) return interrupted(signal)
  if (!began && thrown instanceof Trouble) return thrown
  if (thrown instanceof Moved) return thrown
  const cause = thrown instanceof Trouble ? thrown.likely : undefined
  // A writer that refuses to do harm says what is to be done instead; any other failure is tried again.
  const next = thrown instanceof Blocked ? thrown.next : undefined
  return new Failed(
    {
      code: thrown instanceof Trouble ? thrown.code : 'change-failed',
      failed: `${step.title}: ${thrown instanceof Trouble ? thrown.failed : reasonOf(thrown)}`,
      ...(cause !== undefined && { cause }),
      ...(next !== undefined && { next }),
    },
    { cause: thrown },
  )
}

const writersOf = <N extends Name>(systems: Pick<Systems, N>, names: readonly N[]): Writers<N> =>
  Object.fromEntries(names.map((name) => [name, (systems[name] as { readonly write: unknown }).write])) as Writers<N>

type Write = (...args: readonly unknown[]) => Promise<void>

/** The same writers, which tell of each call that came to its end. */
const counted = <N extends Name>(writers: Writers<N>, wrote: () => void): Writers<N> =>
  Object.fromEntries(
    Object.entries(writers as Readonly<Record<string, Readonly<Record<string, Write>>>>).map(([name, calls]) => [
      name,
      Object.fromEntries(
        Object.entries(calls).map(([call, write]) => [
          call,
          async (...args: readonly unknown[]) => {
            await write(...args)
            wrote()
          },
        ]),
      ),
    ]),
  ) as Writers<N>
