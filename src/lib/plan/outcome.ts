import type { Duration } from '../clock.ts'
import type { Trouble } from '../errors.ts'

/** What happened to a step. `half`: apply began and did not come to its end; `undone`: it was done, and somebody else undid it. */
export type StepState = 'done' | 'undone' | 'already' | 'settled' | 'proven' | 'half' | 'unverified' | 'untouched'

/** The result of a run: what was done, what was not, and the first error, which no later one hides. */
export interface Outcome {
  readonly states: readonly StepState[]
  readonly trouble?: Trouble
}

/** Told while a run goes on. Listeners are awaited: a journal can write its intent down before a change begins. */
export type RunEvent =
  | { readonly type: 'step'; readonly index: number; readonly phase: 'applying' | 'verifying' }
  /** How far the step's own work is. */
  | { readonly type: 'underway'; readonly index: number; readonly soFar: string }
  | { readonly type: 'waiting'; readonly index: number; readonly because: string; readonly within: Duration }
  | { readonly type: 'settled'; readonly index: number; readonly state: StepState; readonly because?: string }

export type Tell = (event: RunEvent) => void | Promise<void>
