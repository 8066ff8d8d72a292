import { comment } from '../shell.ts'
import type { Name, Provers, Readers, Shown, Systems } from '../systems/systems.ts'
import { byHand } from './by-hand.ts'
import type { Choices, Input } from './choice.ts'
import type { Context } from './context.ts'
import { type Finding, holds, reasons } from './finding.ts'
import { nameOf } from './identity.ts'
import { type Difference, isChange, isGate, isProof, type Procedure, type Risk, type Step } from './procedure.ts'
import { type Fidelity, type Recorded, recordingWriters } from './recording.ts'

/** A step as the plan prints it. */
export interface PlannedStep {
  readonly kind: 'change' | 'gate' | 'proof'
  readonly title: string
  readonly effect: readonly Difference[]
  /** Its verify holds already: apply will be skipped; of a gate, that nobody is asked. */
  readonly already: boolean
  readonly fidelity: Fidelity
  /** Shell lines of the recorded writer calls; a gate's question. */
  readonly manual: readonly string[]
  /** Of a gate: its question. */
  readonly ask?: string
  /** By hand: lines that stop where it does not hold. */
  readonly shows?: Shown
  readonly writes: readonly Recorded[]
  /** Of a gate: what must be typed there instead of a yes; `--confirm` is it from the start. */
  readonly type?: string
  /** How it is taken back: 'undo', or why that is impossible. */
  readonly undo?: string
}

/** The ordered steps computed from facts: a value that can be printed, compared and journaled. */
export interface Plan {
  /** Of the procedure: `db:switch-host`. */
  readonly id: string
  /** By which `--plan` asks for this plan and no other: eight letters and digits over the deployment, the subject, the steps and their effects. */
  readonly name: string
  /** Which deployment it is for. */
  readonly environment: string
  readonly section?: number
  readonly title: string
  readonly risk: Risk
  readonly subject: string
  /** What `--confirm` must equal, `production/hetzner2`; absent where nothing is asked. */
  readonly confirm?: string
  readonly target: readonly string[]
  readonly steps: readonly PlannedStep[]
  /** Why it may not run: every failed check at once. */
  readonly blocked: readonly string[]
  /** The command that cures the first of what blocks it, where one is known. */
  readonly cure?: string
  /** What its steps leave unknown until they are done. */
  readonly uncheckable: readonly string[]
  /** The first step, from 0, that cannot be taken back; absent where all can. */
  readonly noReturn?: number
  /** The whole of it as text for a terminal. */
  readonly byHand: readonly string[]
  /** What it does not reach, and what else is to be known before it begins. */
  readonly beyond: readonly string[]
  /** What is wrong beside it, and is told again at its end. */
  readonly elsewhere?: readonly string[]
}

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
  const steps = procedure.steps(facts)
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
  const risk = procedure.risk(input)
  const nothingToDo = planned.every((step) => (step.kind === 'change' ? step.already : true))
  const noReturn = planned.findIndex(({ kind, already, undo }) => kind === 'change' && !already && undo !== 'undo')
  const plan: Plan = {
    id: procedure.id,
    name: nameOf({ environment, id: procedure.id, subject, steps: planned }),
    environment,
    ...(procedure.section !== undefined && { section: procedure.section }),
    title: procedure.title,
    risk,
    subject,
    ...(risk !== 'routine' && !nothingToDo && { confirm: typed }),
    target: procedure.target?.(facts) ?? [],
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

export const readersOf = <N extends Name>(systems: Pick<Systems, N>, names: readonly N[]): Readers<N> =>
  Object.fromEntries(names.map((name) => [name, (systems[name] as { readonly read: unknown }).read])) as Readers<N>

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
