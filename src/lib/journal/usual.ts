import type { Duration } from '../clock.ts'
import type { Plan } from '../plan/plan.ts'
import { planOf } from './how-far.ts'
import type { JournaledRun } from './read-journal.ts'

/** So many of the latest runs say what is usual. */
const enough = 10

const middle = (sorted: readonly number[]): number | undefined => sorted[Math.floor((sorted.length - 1) / 2)]

/** Earlier runs of the same procedure in the same deployment, the latest first. */
const earlierOf = (plan: Plan, runs: readonly JournaledRun[]): readonly JournaledRun[] =>
  runs.filter((run) => planOf(run).id === plan.id && planOf(run).environment === plan.environment && run.header.undoes === undefined)

/** How long each step of a plan took in the middle of its latest runs, in ms; undefined where this machine has seen none. */
export const usualDurations = (plan: Plan, runs: readonly JournaledRun[]): readonly (Duration | undefined)[] => {
  const earlier = earlierOf(plan, runs)
  return plan.steps.map(({ title }) => {
    const took = earlier.flatMap((run) =>
      run.results.flatMap(({ step, state, ms }) =>
        (state === 'done' || state === 'proven') && planOf(run).steps[step]?.title === title ? [ms] : [],
      ),
    )
    return middle(took.slice(0, enough).sort((one, other) => one - other))
  })
}

/** On how many things a plan acts, as far as its steps say so. */
const countOf = ({ steps }: Pick<Plan, 'steps'>): number =>
  steps.reduce((sum, { effect, already }) => (already ? sum : sum + effect.reduce((all, { count = 0 }) => all + count, 0)), 0)

/** On how many things the latest runs that came to their end acted: keys, rows, rules. One number a run. */
export const earlierCounts = (plan: Pick<Plan, 'id' | 'environment'>, runs: readonly JournaledRun[]): readonly number[] =>
  earlierOf(plan as Plan, runs)
    .filter(({ end }) => end?.exitCode === 0)
    .slice(0, enough)
    .map((run) => countOf(planOf(run)))
