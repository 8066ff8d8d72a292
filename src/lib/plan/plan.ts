import { comment } from '../shell.ts'
import type { Name, Provers, Reached, Readers, System, Systems } from '../systems/systems.ts'
import { askedOnce } from './asked-once.ts'
import { byHand } from './by-hand.ts'
import type { Choices, Input } from './choice.ts'
import type { Context } from './context.ts'
import { type Finding, holds, reasons } from './finding.ts'
import { nameOf } from './identity.ts'
import { outlierOf, raise } from './outlier.ts'
import type { Plan, PlannedStep } from './planned.ts'
import { isChange, isGate, isProof, type Procedure, type Step } from './procedure.ts'
import { type Fidelity, type Recorded, recordingWriters } from './recording.ts'

export type { Plan, PlannedStep } from './planned.ts'

/** A plan with the live steps it was made of. */
export interface Prepared<N extends Name> {
  readonly plan: Plan
  /** What it was planned on. */
  readonly facts?: unknown
  readonly steps: readonly Step<N>[]
}

/** Reads the world, computes the steps, asks every check, and records what would be written. Changes nothing. */
export const prepare = async <C extends Choices, N extends Name, F>(
  procedure: Procedure<C, N, F>,
  input: Input<C>,
  systems: Pick<Systems, N>,
  context: Context,
): Promise<Prepared<N>> => {
  const look = readersOf(systems, procedure.needs)
  const facts = await procedure.gather(input, look, context)
  // What was cut off may have passed for an answer that says little.
  context.signal.throwIfAborted()
  const steps = procedure.steps(facts)
  const reached = await reachedBy(systems, procedure.needs)
  const subject = procedure.subject(facts)
  const environment = context.environment.name
  const typed = `${environment}/${subject}`
  const touched = new Set<string>()
  const planned: PlannedStep[] = []
  const blocked: string[] = []
  const cures = new Set<string>()
  const asked = await Promise.all(steps.map((step) => askStep(step, look)))
  for (const [i, step] of steps.entries()) {
    const { already, against } = asked[i] ?? { already: false, against: holds }
    blocked.push(...reasons(against).filter((reason) => !blocked.includes(reason)))
    if (!against.ok && against.next !== undefined) cures.add(against.next)
    const one = await planStep(step, { already, typed }, systems, procedure.needs, touched)
    for (const { rehearsal, target } of one.writes) if (rehearsal?.accepted === false) blocked.push(`${target}: ${rehearsal.because}`)
    planned.push(one)
  }
  context.signal.throwIfAborted()
  const nothingToDo = planned.every((step) => (step.kind === 'change' ? step.already : true))
  const shares = planned.flatMap(({ effect, already }) => (already ? [] : effect))
  const outlier = nothingToDo ? undefined : (procedure.outlier?.(facts) ?? outlierOf(shares, (await context.earlier?.(procedure.id)) ?? []))
  const risk = outlier === undefined ? procedure.risk(input) : raise(procedure.risk(input))
  const noReturn = planned.findIndex(({ kind, already, undo }) => kind === 'change' && !already && undo !== 'undo')
  const plan: Plan = {
    id: procedure.id,
    name: nameOf({ environment, id: procedure.id, subject, steps: planned, reached: reached.map(({ is }) => is) }),
    environment,
    ...(procedure.section !== undefined && { section: procedure.section }),
    title: procedure.title,
    risk,
    ...(outlier !== undefined && { outlier }),
    subject,
    ...(risk !== 'routine' && !nothingToDo && { confirm: typed }),
    target: [...reached.map(({ line }) => line), ...(procedure.target?.(facts) ?? [])],
    reached: reached.map(({ is }) => is),
    steps: planned,
    blocked,
    ...(cures.size > 0 && { cure: [...cures][0] ?? '' }),
    uncheckable: uncheckableOf(steps, planned),
    ...(noReturn >= 0 && { noReturn }),
    byHand: byHand({ risk, steps: planned }),
    beyond: [...(procedure.elsewhere?.(facts) ?? []), ...(procedure.beyond?.(facts) ?? [])],
    elsewhere: procedure.elsewhere?.(facts) ?? [],
  }
  return { plan, steps, facts }
}

/** The readers of one look at the world: a plan, a report. */
export const readersOf = <N extends Name>(systems: Pick<Systems, N>, names: readonly N[]): Readers<N> => {
  const lasting: Readers<N> = lastingReadersOf(systems, names)
  const looked = (name: N) => (systems[name] as { readonly oneLook?: () => unknown }).oneLook?.()
  return Object.fromEntries(names.map((name) => [name, looked(name) ?? lasting[name]])) as Readers<N>
}

/** Those of a report: what several of its parts ask is asked once. A plan has none such, for what it gathered may be asked again in its run. */
export const reportReadersOf = <N extends Name>(systems: Pick<Systems, N>, names: readonly N[]): Readers<N> => {
  const look: Readers<N> = readersOf(systems, names)
  const questions = (name: N) => (systems[name] as unknown as Pick<System<object, object>, 'askedOnce'>).askedOnce ?? []
  const once = (name: N) => askedOnce(look[name] as object, questions(name))
  return Object.fromEntries(names.map((name) => [name, once(name)])) as Readers<N>
}

/** Those of a run, which waits for what is to come. */
export const lastingReadersOf = <N extends Name>(systems: Pick<Systems, N>, names: readonly N[]): Readers<N> =>
  Object.fromEntries(names.map((name) => [name, (systems[name] as { readonly read: unknown }).read])) as Readers<N>

/** What has answered over the connections that a run of it uses, each once. */
export const reachedBy = async <N extends Name>(systems: Pick<Systems, N>, names: readonly N[]): Promise<readonly Reached[]> => {
  const all = await Promise.all(names.map((name) => (systems[name] as Partial<Pick<System<object, object>, 'reached'>>).reached?.() ?? []))
  return [...new Map(all.flat().map((one) => [one.is, one])).values()]
}

const askStep = async <N extends Name>(step: Step<N>, look: Readers<N>): Promise<{ already: boolean; against: Finding }> => {
  if (isChange(step)) {
    const [verified, checked]: readonly [Finding, Finding] = await Promise.all([
      step.verify(look),
      step.check?.(look) ?? { ok: true as const },
    ])
    return { already: verified.ok, against: verified.ok ? holds : checked }
  }
  if (isGate(step)) return { already: (await step.needless?.(look))?.ok === true, against: holds }
  return { already: false, against: step.onlyAfterwards ? holds : await step.holds(look) }
}

const planStep = async <N extends Name>(
  step: Step<N>,
  { already, typed }: { readonly already: boolean; readonly typed: string },
  systems: Pick<Systems, N>,
  needs: readonly N[],
  touched: Set<string>,
): Promise<PlannedStep> => {
  const prove = Object.fromEntries(needs.map((name) => [name, (systems[name] as { readonly prove?: object }).prove])) as Provers<N>
  if (!isChange(step)) {
    const shown = { title: step.title, effect: [], already, fidelity: 'observed' as const, writes: [] }
    if (isProof(step)) return { ...shown, kind: 'proof', manual: [], ...(step.shows && { shows: step.shows(prove) }) }
    return {
      ...shown,
      kind: 'gate',
      ask: step.ask,
      manual: already ? [] : step.ask.split(/\r?\n/).map(comment),
      ...(step.typed && { type: typed }),
    }
  }
  const { write, recorded } = recordingWriters(systems, needs, touched)
  if (!already) await step.apply(write, new AbortController().signal)
  return {
    kind: 'change',
    title: step.title,
    effect: already ? [] : (step.effect ?? []),
    already,
    fidelity: fidelityOf(step, recorded),
    manual: recorded.flatMap(({ lines }) => lines),
    writes: recorded,
    ...(step.shows && { shows: step.shows(prove) }),
    ...(step.held && { held: true }),
    undo: typeof step.undo === 'object' && 'impossible' in step.undo ? step.undo.impossible : 'undo',
  }
}

const fidelityOf = (step: { readonly effect?: unknown; readonly unknown?: string }, recorded: readonly Recorded[]): Fidelity => {
  if (step.unknown !== undefined) return 'opaque'
  if (recorded.length > 0 && recorded.every(({ rehearsal }) => rehearsal?.accepted)) return 'predicted'
  return step.effect ? 'observed' : 'opaque'
}

/** What several steps leave unknown is said once. */
const uncheckableOf = <N extends Name>(steps: readonly Step<N>[], planned: readonly PlannedStep[]): readonly string[] => {
  const unknown = new Map<string, number[]>()
  for (const [i, step] of steps.entries()) {
    const one = planned[i]
    if (!isChange(step) || !one || one.already) continue
    const what = step.unknown ?? (one.fidelity === 'opaque' ? 'known only by doing it' : undefined)
    if (what !== undefined) unknown.set(what, [...(unknown.get(what) ?? []), i])
  }
  return [...unknown].map(([what, [first = 0, ...more]]) =>
    more.length === 0 ? `${steps[first]?.title}: ${what}` : `Steps ${[first, ...more].map((i) => i + 1).join(', ')}: ${what}`,
  )
}
