import type { Clock } from '../../clock.ts'
import { lastRotatedNote } from '../../notes.ts'
import type { Difference } from '../../plan/procedure.ts'

/** The day that a rotation notes on its Secret, and how a plan says so; `before`: the day that stands there. */
export const dayOfRotation = (clock: Clock, before: string | undefined): { readonly today: string; readonly noted: Difference } => {
  const today = clock.now().toISOString().slice(0, 10)
  return { today, noted: { what: lastRotatedNote, before: before ?? 'absent', after: 'today', note: today } }
}
