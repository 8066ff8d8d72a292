import type { StepState } from '../plan/outcome.ts'
import type { JournaledRun } from './read-journal.ts'

/** The plan that was performed: as it stood under the lease. */
export const planOf = ({ begin, header }: JournaledRun) => begin?.plan ?? header.plan

/** How far each step came, as far as the journal knows. An intent without a result is half done: nobody knows more. */
export const statesOf = (run: JournaledRun): readonly StepState[] =>
  planOf(run).steps.map((_, i) => run.results.filter(({ step }) => step === i).at(-1)?.state ?? (run.unknown === i ? 'half' : 'untouched'))

/** Each state in words. */
export const stateWords: Readonly<Record<StepState, string>> = {
  done: 'done, and seen to hold',
  undone: 'done, and undone since by somebody else',
  already: 'was so already',
  settled: 'answered yes',
  proven: 'seen to hold',
  half: 'begun, and not brought to its end',
  unverified: 'done, but not seen to hold in time',
  untouched: 'not begun',
}

/** How it ended, in a few words. */
export const endingOf = (run: JournaledRun): string => {
  const { end, status, unknown } = run
  if (end) return end.exitCode === 0 ? 'done' : `stopped (exit ${end.exitCode})`
  const step = unknown === undefined ? '' : ` in step ${unknown + 1}`
  return status === 'going on' ? `going on${step}` : status === 'interrupted' ? `interrupted${step}` : 'of another machine, without an end'
}
