import { type Account, Interrupted, type Trouble } from '../errors.ts'
import { sh } from '../shell.ts'
import { byHand, type Come } from './by-hand.ts'
import type { StepState } from './outcome.ts'
import type { Plan } from './plan.ts'

/** The same trouble, told with what was done, what was not, and by hand what is left: what was begun and not seen to hold comes first. */
export const accountOfRun = (trouble: Trouble, plan: Plan, come: Come, again = sh`honeydue ${plan.id}`): Trouble => {
  const { states } = come
  const titles = (wanted: readonly StepState[]) =>
    plan.steps.filter((_, i) => wanted.includes(states[i] ?? 'untouched')).map(({ title }) => title)
  const changed = plan.steps.some(({ kind }, i) => kind === 'change' && ['done', 'undone', 'half', 'unverified'].includes(states[i] ?? ''))
  const done = titles(['done'])
  const undone = titles(['undone'])
  const open = titles(['half', 'unverified'])
  const left = plan.steps.filter((step, i) => step.kind === 'change' && states[i] === 'untouched' && !step.already)
  const parts = [
    done.length > 0 ? `Done: ${done.join('; ')}.` : '',
    undone.length > 0 ? `Done, and undone since by somebody else: ${undone.join('; ')}.` : '',
    open.length > 0 ? `Begun, and not seen to hold: ${open.join('; ')}.` : '',
    left.length > 0 ? `Not done: ${left.map(({ title }) => title).join('; ')}.` : '',
  ].filter(Boolean)
  return retold(trouble, {
    state: changed ? parts.join(' ') : 'Nothing was changed.',
    next: trouble.next ?? again + goesOn,
    byHand: byHand(plan, come),
  })
}

/** The same trouble after what was changed was taken back, but for `left`: what the plan had left to do is not to be done by hand any more. */
export const accountOfUndo = (trouble: Trouble, left: readonly string[]): Trouble =>
  retold(trouble, {
    ...(trouble.next !== undefined && { next: trouble.next.replace(goesOn, '   # begins anew') }),
    state: left.length === 0 ? 'What was changed was taken back.' : `What was changed was taken back, but for: ${left.join('; ')}.`,
    byHand: [],
  })

const goesOn = '   # goes on from here'

const retold = (trouble: Trouble, told: Pick<Account, 'state' | 'next' | 'byHand'>): Trouble => {
  const { code, failed, likely, next, details } = trouble
  const account: Account = {
    code,
    failed,
    details,
    ...(likely !== undefined && { cause: likely }),
    ...(next !== undefined && { next }),
    ...told,
  }
  if (trouble instanceof Interrupted) return new Interrupted(account, trouble.signal)
  return new (trouble.constructor as new (account: Account, options?: ErrorOptions) => Trouble)(account, { cause: trouble.cause })
}
