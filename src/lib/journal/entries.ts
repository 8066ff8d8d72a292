import type { StepState } from '../plan/outcome.ts'
import type { Plan } from '../plan/plan.ts'

/** Who runs it, and where; `pid` and `born` tell whether it still does. */
export interface Who {
  readonly user: string
  readonly host: string
  readonly pid: number
  readonly born: string
}

/** The first line: what is going to be done, by whom, where. */
export interface Header {
  readonly type: 'plan'
  readonly version: 1
  /** `20261129-0941-k3f9`. */
  readonly run: string
  readonly who: Who
  /** The command line that does it again. */
  readonly line: string
  readonly plan: Plan
  /** `--env` as it was typed. */
  readonly asked?: string
  /** The run that this one takes back. */
  readonly undoes?: string
}

/** Whom the lease was taken from; `ended`: a process of this machine that had ended, and not one that had only stopped renewing it. */
export interface TakenFrom {
  readonly holder: string
  readonly ended: boolean
}

/** Under which lease it began, or why under none. */
export interface Begin {
  readonly type: 'begin'
  /** As it stood under the lease: what is performed. */
  readonly plan: Plan
  readonly lease: { readonly holder: string; readonly epoch: number; readonly from?: TakenFrom } | { readonly none: string }
}

/** What it was planned on, for it to be taken back later; or why that cannot be kept. `input`: what was asked for, so that the plan can be made anew. */
export interface Facts {
  readonly type: 'facts'
  readonly input?: unknown
  readonly value?: unknown
  readonly because?: string
}

/** Written and on the disk before the act. */
export interface Intent {
  readonly type: 'intent'
  readonly step: number
  readonly title: string
}

/** How far a step came, and what was read then; `because`: what did not hold. */
export interface Result {
  readonly type: 'result'
  readonly step: number
  readonly state: StepState
  /** Since the step began. */
  readonly ms: number
  readonly because?: string
}

/** What a wait waits for, each time it becomes another thing. */
export interface Waiting {
  readonly type: 'waiting'
  readonly step: number
  readonly because: string
}

/** A sentence of an operator, during the run or after it. */
export interface Note {
  readonly type: 'note'
  readonly who: string
  readonly text: string
}

/** The last line; without one, the run is going on or was interrupted. */
export interface End {
  readonly type: 'end'
  readonly exitCode: number
  readonly states: readonly StepState[]
  /** The error's code, what failed, and the state then. */
  readonly code?: string
  readonly failed?: string
  readonly state?: string
}

export type Said = Header | Begin | Facts | Intent | Result | Waiting | Note | End

/** One line of a journal. `at`: RFC 3339, in UTC, with milliseconds. */
export type Entry = Said & { readonly at: string }
