import { type Account, Interrupted, type Trouble } from '../errors.ts'
import type { StepState } from './outcome.ts'
import type { Plan, PlannedStep } from './plan.ts'

/** The same trouble, told with what was done, what was not, and by hand what is left. */
export const accountOfRun = (trouble: Trouble, { id, steps }: Plan, states: readonly StepState[], again = `honeydue ${id}`): Trouble => {
  const titles = (wanted: readonly StepState[]) => steps.filter((_, i) => wanted.includes(states[i] ?? 'untouched')).map(titleOf)
  const changed = steps.some(({ kind }, i) => kind === 'change' && ['done', 'undone', 'half', 'unverified'].includes(states[i] ?? ''))
  const done = titles(['done'])
  const undone = titles(['undone'])
  const open = titles(['half', 'unverified'])
  const left = steps.filter((step, i) => step.kind === 'change' && states[i] === 'untouched' && !step.already)
  const parts = [
    done.length > 0 ? `Done: ${done.join('; ')}.` : '',
    undone.length > 0 ? `Done, and undone since by somebody else: ${undone.join('; ')}.` : '',
    open.length > 0 ? `Begun, and not seen to hold: ${open.join('; ')}.` : '',
    left.length > 0 ? `Not done: ${left.map(titleOf).join('; ')}.` : '',
  ].filter(Boolean)
  const lines = undone.length > 0 || left.some(({ manual }) => manual.length > 0) ? byHand(steps, states) : []
  return retold(trouble, {
    state: changed ? parts.join(' ') : 'Nothing was changed.',
    next: trouble.next ?? again + goesOn,
    details: [...trouble.details, ...(lines.length > 0 ? [byHandTitle, ...lines.map((line) => `  ${line}`)] : [])],
  })
}

/** The same trouble after what was changed was taken back, but for `left`: what the plan had left to do is not to be done by hand any more. */
export const accountOfUndo = (trouble: Trouble, left: readonly string[]): Trouble => {
  const byHandAt = trouble.details.indexOf(byHandTitle)
  return retold(trouble, {
    ...(trouble.next !== undefined && { next: trouble.next.replace(goesOn, '   # begins anew') }),
    state: left.length === 0 ? 'What was changed was taken back.' : `What was changed was taken back, but for: ${left.join('; ')}.`,
    details: byHandAt < 0 ? trouble.details : trouble.details.slice(0, byHandAt),
  })
}

const goesOn = '   # goes on from here'
const byHandTitle = 'By hand, what is left:'
const titleOf = ({ title }: PlannedStep): string => title

/** In order, with what has to hold between: a line that nothing takes back never stands without its condition. */
const byHand = (steps: readonly PlannedStep[], states: readonly StepState[]): readonly string[] =>
  steps.flatMap((step, i) => {
    const open = states[i] === 'untouched' || states[i] === 'undone' || (step.kind === 'proof' && states[i] === 'unverified')
    if (!open || step.already) return []
    return [step.kind === 'change' ? `# ${step.title}` : `# See first: ${step.title}`, ...(step.kind === 'change' ? step.manual : [])]
  })

const retold = (trouble: Trouble, told: Pick<Account, 'state' | 'next' | 'details'>): Trouble => {
  const { code, failed, likely, next } = trouble
  const account: Account = { code, failed, ...(likely !== undefined && { cause: likely }), ...(next !== undefined && { next }), ...told }
  if (trouble instanceof Interrupted) return new Interrupted(account, trouble.signal)
  return new (trouble.constructor as new (account: Account, options?: ErrorOptions) => Trouble)(account, { cause: trouble.cause })
}
