import { systemClock } from '../clock.ts'
import type { Lease } from '../journal/lease.ts'
import type { Journal } from '../journal/write-journal.ts'
import type { RunEvent } from '../plan/outcome.ts'
import type { Plan } from '../plan/plan.ts'

/** Writes down what a run's events tell: each intent before the act, each result after it; and says in the lease, and to those who watch, where it stands. */
export const journalTeller = (
  { steps }: Plan,
  journal: Journal,
  lease: Lease | undefined,
  announce: (reason: 'RunStep', message: string) => Promise<void>,
) => {
  let since = systemClock.now().getTime()
  let because: string | undefined
  const numbered = (index: number) => `${index + 1} of ${steps.length}: ${steps[index]?.title ?? ''}`
  return {
    tell: async (event: RunEvent): Promise<void> => {
      if (event.type === 'step') {
        if (event.phase !== 'applying') return
        since = systemClock.now().getTime()
        // Not written, it is not done: this throws.
        await journal.write({ type: 'intent', step: event.index, title: steps[event.index]?.title ?? '' })
        lease?.tell(numbered(event.index))
        return
      }
      if (event.type === 'underway') return
      if (event.type === 'waiting') {
        if (event.because !== because) await journal.write({ type: 'waiting', step: event.index, because: event.because }).catch(() => {})
        because = event.because
        return
      }
      const ms = systemClock.now().getTime() - since
      since = systemClock.now().getTime()
      await journal
        .write({
          type: 'result',
          step: event.index,
          state: event.state,
          ms,
          ...(event.because !== undefined && { because: event.because }),
        })
        .catch(() => {})
      because = undefined
      if (event.state !== 'already') await announce('RunStep', `${lease?.holder}: step ${numbered(event.index)}: ${event.state}`)
    },
  }
}
