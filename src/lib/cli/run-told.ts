import type { StepState } from '../plan/outcome.ts'
import type { Plan } from '../plan/plan.ts'
import { type Here, typedHere } from './here.ts'
import { lookNext } from './look-next.ts'
import { shown } from './shown.ts'
import { hang } from './wrap.ts'

/** What a run says when it came to its end: done only where something was, and beside it what is wrong and was not its business. */
export const told = (
  { id, elsewhere = [] }: Plan,
  states: readonly StepState[],
  here: Here,
  run?: string,
  came: readonly string[] = [],
): string => {
  const next = `next: ${shown(typedHere(lookNext(id), here))}`
  const done = states.includes('done')
  // Somebody said yes to a question, and nothing is known of what they did.
  if (!done && states.includes('settled')) return `Nothing was changed.\n${next}`
  const verdict = done ? `Done, and seen to hold.${run === undefined ? '' : `  Run ${run}`}` : 'Already so: nothing was changed.'
  const ended = [verdict, ...came.flatMap((line) => hang('  ', line))].join('\n')
  if (elsewhere.length === 0) return ended
  return [ended, 'Still wrong beside it:', ...elsewhere.flatMap((line) => hang('  ', line)), next].join('\n')
}
