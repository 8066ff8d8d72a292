import { seconds } from '../clock.ts'
import type { Name } from '../systems/systems.ts'
import { type Finding, fails, holds } from './finding.ts'
import { nameOf } from './identity.ts'
import type { Outcome, StepState } from './outcome.ts'
import { perform, type Run } from './perform.ts'
import { lastingReadersOf, type Plan, type PlannedStep, type Prepared } from './plan.ts'
import { type Change, isChange } from './procedure.ts'

/** A plan that takes another one back. */
export interface Undoing<N extends Name> {
  readonly prepared: Prepared<N>
  /** What nothing takes back, with why. */
  readonly impossible: readonly string[]
}

export interface Changed<N extends Name> {
  readonly prepared: Prepared<N>
  readonly states: readonly StepState[]
  readonly run: Pick<Run<N>, 'systems' | 'needs'>
  /** The plan as it would be made now: where it would do a step again exactly as it did, that step is taken back. */
  readonly replan?: () => Promise<Plan>
}

const mayHaveChanged: readonly StepState[] = ['done', 'undone', 'half', 'unverified']

/** The steps that take back what was changed: in reverse; those whose undo comes `afterwards` follow in the plan's order, and those that are `last` in reverse again. */
export const undoingOf = <N extends Name>({ prepared, states, run, replan }: Changed<N>): Undoing<N> => {
  const { plan, steps } = prepared
  const changed = steps.flatMap((step, i) => {
    const [planned, state] = [plan.steps[i], states[i] ?? 'untouched']
    // What only waited has nothing to take back.
    const wrote = planned !== undefined && (planned.writes.length > 0 || planned.effect.length > 0 || planned.already)
    return isChange(step) && planned && wrote && mayHaveChanged.includes(state) ? [{ step, planned, state }] : []
  })
  const back = (one: (typeof changed)[number]) => {
    const { undo } = one.step
    if (typeof undo === 'function') return undo
    return 'afterwards' in undo ? undo.afterwards : 'last' in undo ? undo.last : undefined
  }
  const ordered = [
    ...changed.filter(({ step }) => typeof step.undo === 'function').reverse(),
    ...changed.filter(({ step }) => typeof step.undo === 'object' && 'afterwards' in step.undo),
    ...changed.filter(({ step }) => typeof step.undo === 'object' && 'last' in step.undo).reverse(),
  ]
  const look = lastingReadersOf(run.systems, run.needs)
  const reversed = ordered.map((one): Change<N> => {
    const { step, planned, state } = one
    const undone = step.undone ?? (() => (replan ? asBefore(planned, replan) : noLonger(step.verify(look))))
    return {
      title: backTitle(step.title),
      effect: planned.effect.map(({ what, before, after }) => ({ what, before: after, after: before })),
      apply: async (write, signal) => {
        // A change that did not come to its end may not have begun; one that another undid need not be undone again.
        if ((state === 'half' || state === 'undone') && (await undone(look)).ok) return
        await back(one)?.(write, look, signal)
      },
      verify: undone,
      within: step.within ?? seconds(30),
      undo: { impossible: 'it takes another step back' },
    }
  })
  const shown: readonly PlannedStep[] = reversed.map(({ title, effect = [] }) => ({
    kind: 'change',
    title,
    effect,
    already: false,
    fidelity: 'observed',
    manual: [],
    writes: [],
    undo: 'it takes another step back',
  }))
  const told = { ...plan, id: plan.id, title: `Take back: ${plan.title}`, steps: shown, blocked: [], uncheckable: [], beyond: [] }
  return {
    prepared: { plan: { ...told, name: nameOf(told) }, steps: reversed },
    impossible: changed.flatMap(({ step }) =>
      typeof step.undo === 'object' && 'impossible' in step.undo ? [`${step.title}: ${step.undo.impossible}`] : [],
    ),
  }
}

/** What the step is called that takes another back. */
export const backTitle = (title: string): string => `Take back: ${title}`

const noLonger = async (verified: Promise<Finding>): Promise<Finding> =>
  (await verified).ok ? fails('it is still as the change made it') : holds

/** Whether the plan would do this step again just as it did. */
const asBefore = async ({ title, effect }: PlannedStep, replan: () => Promise<Plan>): Promise<Finding> => {
  const { steps } = await replan()
  const now = steps.find((step) => step.title === title)
  const lines = (differences: PlannedStep['effect']) => differences.map(({ what, before, after }) => `${what}: ${before} → ${after}`)
  if (!now || now.already) return fails('it is still as the change made it')
  const [was, is] = [lines(effect), lines(now.effect)]
  const other = is.find((line) => !was.includes(line))
  return other === undefined && was.length === is.length ? holds : fails(`it is not as it was before: ${other ?? is.join('; ')}`)
}

/** Takes back, each step seen to be so; a step that cannot be does not keep the others from it. Returns how far each came, and what is left. */
export const takeBack = async <N extends Name>(
  { prepared, impossible }: Undoing<N>,
  run: Run<N>,
): Promise<{ readonly outcome: Outcome; readonly left: readonly string[] }> => {
  const reasons = new Map<number, string>()
  const outcome = await perform(prepared, {
    ...run,
    always: true,
    goOn: true,
    tell: async (event) => {
      if (event.type === 'settled' && event.because !== undefined) reasons.set(event.index, event.because)
      await run.tell(event)
    },
  })
  const failed = outcome.states.flatMap((state, i) => {
    if (state === 'done' || state === 'already') return []
    const title = prepared.plan.steps[i]?.title.replace(/^Take back: /, '') ?? ''
    const because = reasons.get(i)?.replace(/^Take back: /, '')
    return [
      because === undefined
        ? `${title}: not begun, because of the request to stop`
        : because.startsWith(title)
          ? because
          : `${title}: ${because}`,
    ]
  })
  return { outcome, left: [...failed, ...impossible] }
}
