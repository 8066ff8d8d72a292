import { systemClock } from '../clock.ts'
import { readOnly } from '../environment/read-only.ts'
import { Blocked, Moved } from '../errors.ts'
import { planOf, statesOf } from '../journal/how-far.ts'
import type { JournaledRun } from '../journal/read-journal.ts'
import type { Choices, Input } from '../plan/choice.ts'
import { refuseOther } from '../plan/identity.ts'
import { unpackFacts } from '../plan/kept-facts.ts'
import type { StepState } from '../plan/outcome.ts'
import type { Plan, Prepared } from '../plan/plan.ts'
import { type PlannedStep, prepare, reachedBy, readersOf } from '../plan/plan.ts'
import { isChange, type Procedure } from '../plan/procedure.ts'
import { fallenOf } from '../plan/standing.ts'
import { backTitle, type Undoing, undoingOf } from '../plan/undo.ts'
import { sh } from '../shell.ts'
import type { Name } from '../systems/systems.ts'
import type { Session } from './session.ts'

/** A run that was, with the live steps that it was made of. */
export interface Undoable {
  readonly undoing: Undoing<Name>
  readonly procedure: Procedure<Choices, Name, unknown>
}

/**
 * The plan that takes a run back, by what its journal kept. Throws Blocked where that cannot be: it goes on, was taken back, or kept no facts;
 * Moved where what it did is not so any more.
 */
export const undoable = async (
  run: JournaledRun,
  others: readonly JournaledRun[],
  load: (id: string) => Promise<Procedure<Choices, Name, unknown>> | undefined,
  session: Session,
): Promise<Undoable> => {
  const { environment, systems, lease } = session
  const plan = planOf(run)
  if (plan.environment !== environment.name)
    throw blocked(
      run,
      `It was in ${plan.environment}, and this is ${environment.name}`,
      sh`honeydue run:undo ${run.run} --env ${plan.environment}`,
    )
  if (run.status === 'going on') throw blocked(run, 'It goes on', sh`honeydue run:watch ${run.run}`)
  if (environment.readonly) throw readOnly(environment.name)
  const before = others.find(({ header, end }) => header.undoes === run.run && end?.exitCode === 0)
  if (before) throw blocked(run, `Run ${before.run} took it back at ${before.header.at.slice(0, 16).replace('T', ' ')} UTC`)
  if (run.header.undoes !== undefined)
    throw blocked(run, 'It took another run back: what that run did is done by its own command', run.header.line)
  const procedure = await load(plan.id)
  const because = run.facts === undefined ? 'its journal has none' : (run.facts.because ?? undefined)
  if (!procedure || because !== undefined)
    throw blocked(run, `What it was planned on is needed for that, and was not kept: ${because ?? `${plan.id} is no procedure`}`)
  const steps = procedure.steps(unpackFacts(run.facts?.value, systemClock))
  if (steps.map(({ title }) => title).join('\n') !== plan.steps.map(({ title }) => title).join('\n'))
    throw blocked(run, 'Another version of honeydue made it, whose steps were others')
  const prepared: Prepared<Name> = { plan, steps }
  const look = readersOf(systems, procedure.needs)
  const known = await settled(prepared, statesOf(run), look)
  const reached = await reachedBy(systems, procedure.needs)
  refuseOther(plan, { reached: reached.map(({ is }) => is) }, sh`honeydue run:show ${run.run}`)
  const begun = begunBack(run, others)
  const fallen = await fallenOf(prepared, known, look)
  const foreign = fallen.filter(({ index }) => !isOurs(plan.steps[index], begun))
  if (foreign.length > 0) throw moved(plan, foreign, (await lease.read().catch(() => undefined))?.holder)
  const states = known.map((state, i) => (fallen.some(({ index }) => index === i) ? 'undone' : state))
  const replan = replanOf(run, procedure, session)
  const undoing = undoingOf<Name>({ prepared, states, run: { systems, needs: procedure.needs }, ...(replan && { replan }) })
  // What the plan says of its target was read then; what answers now stands in its place.
  const target = [...reached.map(({ line }) => line), ...plan.target.slice(plan.reached?.length ?? 0)]
  const { prepared: back, impossible } = undoing
  if (back.steps.length > 0) return { undoing: { impossible, prepared: { ...back, plan: { ...back.plan, target } } }, procedure }
  throw blocked(run, undoing.impossible.length > 0 ? `Nothing takes it back: ${undoing.impossible.join('; ')}` : 'It changed nothing')
}

/** The plan as it would be made now, by what was asked for then: undefined where its journal does not say that. */
const replanOf = (
  { facts }: JournaledRun,
  procedure: Procedure<Choices, Name, unknown>,
  { environment, systems }: Session,
): (() => Promise<Plan>) | undefined => {
  if (facts?.input === undefined) return undefined
  const input = unpackFacts(facts.input, systemClock) as Input<Choices>
  const context = { environment, clock: systemClock, signal: new AbortController().signal }
  return async () => (await prepare(procedure, input, systems, context)).plan
}

/** Titles of the steps that a taking back of this run had begun, which came to no good end: what it did is no change by others. */
const begunBack = (run: JournaledRun, others: readonly JournaledRun[]): ReadonlySet<string> =>
  new Set(
    others
      .filter(({ header, status }) => header.undoes === run.run && status !== 'going on')
      .flatMap((back) => back.intents.map(({ step }) => planOf(back).steps[step]?.title ?? '')),
  )

/** A step that a taking back had begun; or one that changes nothing itself, and only waited for what is being taken back. */
const isOurs = (step: PlannedStep | undefined, begun: ReadonlySet<string>): boolean =>
  step !== undefined && (begun.has(backTitle(step.title)) || (begun.size > 0 && step.writes.length === 0 && step.effect.length === 0))

/** What the journal does not know, the world does: a step whose end was not written down is done where its verify holds. */
const settled = async (
  prepared: Prepared<Name>,
  states: readonly StepState[],
  look: ReturnType<typeof readersOf<Name>>,
): Promise<readonly StepState[]> =>
  Promise.all(
    states.map(async (state, i) => {
      const step = prepared.steps[i]
      if (!step || !isChange(step) || (state !== 'half' && state !== 'unverified')) return state
      return (await step.verify(look)).ok ? 'done' : state
    }),
  )

const blocked = (run: JournaledRun, cause: string, next: string = sh`honeydue run:show ${run.run}`): Blocked =>
  new Blocked({ code: 'undo-blocked', failed: `Run ${run.run} cannot be taken back`, cause, next })

const moved = (
  { steps }: Plan,
  fallen: readonly { readonly index: number; readonly because: string }[],
  holder: string | undefined,
): Moved =>
  new Moved({
    code: 'undo-moved',
    failed: 'The world has moved since: what the run did is not so any more',
    cause: holder ? `${holder} changes it now` : 'Somebody else, or a deploy, changed it after the run',
    details: fallen.map(({ index, because }) => `${steps[index]?.title}: ${because}`),
    next: 'the procedure itself, with --dry-run, shows how it is now',
  })
