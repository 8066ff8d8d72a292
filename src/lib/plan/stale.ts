import { Blocked, Moved } from '../errors.ts'
import type { Name, Readers } from '../systems/systems.ts'
import type { PlannedStep } from './plan.ts'
import { type Change, isChange, type Step } from './procedure.ts'

/** How a step's facts are read again, and who is asked about what has changed. */
export interface ReadingAgain<N extends Name> {
  readonly afresh?: (title: string) => Promise<Step<N> | undefined>
  readonly blame?: (step: PlannedStep) => Promise<string | undefined>
}

/**
 * Reads the facts that a change relies on once more, just before it acts. Throws Moved where what it changes is not as it was planned on, with old and
 * new and who changed it, or where its check on these facts does not hold. What cannot be read now is not known: the write tests for itself.
 */
export const refuseStale = async <N extends Name>(
  step: Change<N>,
  planned: PlannedStep | undefined,
  look: Readers<N>,
  { afresh, blame }: ReadingAgain<N>,
): Promise<void> => {
  const who = async () => (await culprit(planned, blame)) ?? 'Somebody else, or a deploy, changed it meanwhile'
  let now: Step<N> | undefined
  try {
    now = await afresh?.(step.title)
  } catch (error) {
    if (!(error instanceof Blocked)) return
    throw new Moved({ code: 'facts-moved', failed: `${step.title}: ${error.failed}`, cause: await who(), details: error.details })
  }
  if (!now || !isChange(now)) return
  const other = changed(step, now)
  if (other.length > 0)
    throw new Moved({
      code: 'facts-moved',
      failed: `${step.title}: what it changes is not as it was planned on`,
      cause: await who(),
      details: other.flatMap(({ what, was, is }) => [`- ${what}: ${was}`, `+ ${what}: ${is}`]),
    })
  const checked = await now.check?.(look)
  if (checked && !checked.ok) throw new Moved({ code: 'facts-moved', failed: `${step.title}: ${checked.because}`, cause: await who() })
}

/** Who changed what a step writes to, where a system has a record of it and answers. */
const culprit = async (planned: PlannedStep | undefined, blame: ReadingAgain<never>['blame']): Promise<string | undefined> =>
  planned && (await blame?.(planned).catch(() => undefined))

/** What a write was refused with, as somebody else had been quicker: with who that was, where that is known. */
export const blamed = async (
  moved: Moved,
  planned: PlannedStep | undefined,
  { blame }: Pick<ReadingAgain<never>, 'blame'>,
): Promise<Moved> => {
  const cause = await culprit(planned, blame)
  return cause === undefined ? moved : new Moved({ ...moved, cause }, { cause: moved })
}

/** What stands in both, and was another value when it was planned. What is there no more is less to do. */
const changed = ({ effect: planned = [] }: Pick<Change<never>, 'effect'>, { effect: now = [] }: Pick<Change<never>, 'effect'>) =>
  planned.flatMap(({ what, before }) => {
    const found = now.find((one) => one.what === what)
    return found === undefined || found.before === before ? [] : [{ what, was: before, is: found.before }]
  })
