import { Moved } from '../errors.ts'
import { keptPlan } from '../journal/kept-plans.ts'
import { differenceOf, identityOf } from '../plan/identity.ts'
import type { Plan } from '../plan/plan.ts'

/** Whether a run of it would change or ask anything. */
const acts = ({ blocked, steps }: Plan): boolean => blocked.length > 0 || steps.some(({ kind, already }) => kind !== 'proof' && !already)

/**
 * Throws Moved where the live plan is another one than `--plan` names, with what is different as far as this machine knows the other. What is done
 * already, by the run that was interrupted or by others, is no reason to refuse.
 */
export const refuseOtherPlan = async (plan: Plan, wanted: string | undefined, state: string, next: string): Promise<void> => {
  if (wanted === undefined || wanted === plan.name || !acts(plan)) return
  const other = await keptPlan(state, wanted)
  const details = other
    ? differenceOf(other, identityOf(plan))
    : [`The plan ${wanted} was not made on this machine: what was different is not known`]
  if (details.length === 0) return
  throw new Moved({
    code: 'another-plan',
    failed: `The plan is ${plan.name} now, and not ${wanted}`,
    cause: 'The world has changed since it was made, or it was made for something else',
    details,
    next,
  })
}
