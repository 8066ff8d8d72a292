import { hostname } from 'node:os'
import { systemClock } from '../clock.ts'
import { readRuns } from '../journal/read-journal.ts'
import { isLeftOpen } from '../journal/timeline.ts'
import type { StepState } from '../plan/outcome.ts'
import type { Plan, Prepared } from '../plan/plan.ts'
import { isChange, type Step } from '../plan/procedure.ts'
import type { Name } from '../systems/systems.ts'
import { openRecord, type Recording, type RunRecord } from './run-record.ts'

/** Whether this step of a plan has something left to change. */
export const changes = ({ kind, already }: Plan['steps'][number]): boolean => kind === 'change' && !already

/** A run that was killed may have been the last to change something: that nothing is left to do is then written down, and ends its story. */
export const endOfStory = async (recording: Recording): Promise<RunRecord | undefined> => {
  const { plan, state } = recording
  if (!isLeftOpen(plan, await readRuns(state, hostname()), systemClock.now())) return undefined
  const record = await openRecord({ ...recording, lease: undefined, none: 'nothing was left to be changed' })
  await record.begin({ plan })
  const was = (index: number, one: StepState): StepState => (one === 'proven' && plan.steps[index]?.kind === 'change' ? 'already' : one)
  return {
    ...record,
    tell: (event) => record.tell(event.type === 'settled' ? { ...event, state: was(event.index, event.state) } : event),
    end: (outcome) => record.end({ ...outcome, states: outcome.states.map((one, i) => was(i, one)) }),
  }
}

/** Where nothing is to be changed, no lease is taken: what does not hold any more by the time it is looked at again is not changed either. */
export const withoutChanges = <N extends Name>({ plan, steps }: Prepared<N>): Prepared<N> => ({
  plan,
  steps: steps.map((step): Step<N> => (isChange(step) ? { title: step.title, holds: step.verify } : step)),
})
