import type { Shown } from '../systems/systems.ts'
import type { Difference, Risk } from './procedure.ts'
import type { Fidelity, Recorded } from './recording.ts'

/** A step as the plan prints it. */
export interface PlannedStep {
  readonly kind: 'change' | 'gate' | 'proof'
  readonly title: string
  readonly effect: readonly Difference[]
  /** Its verify holds already: apply will be skipped; of a gate, that nobody is asked. */
  readonly already: boolean
  readonly fidelity: Fidelity
  /** Shell lines of the recorded writer calls; a gate's question. */
  readonly manual: readonly string[]
  /** Of a gate: its question. */
  readonly ask?: string
  /** By hand: lines that stop where it does not hold. */
  readonly shows?: Shown
  readonly writes: readonly Recorded[]
  /** Of a gate: what must be typed there instead of a yes; `--confirm` is it from the start. */
  readonly type?: string
  /** How it is taken back: 'undo', or why that is impossible. */
  readonly undo?: string
  /** By hand it is commented out, though it can be taken back. */
  readonly held?: true
}

/** The ordered steps computed from facts: a value that can be printed, compared and journaled. */
export interface Plan {
  /** Of the procedure: `db:switch-host`. */
  readonly id: string
  /** By which `--plan` asks for this plan and no other: eight letters and digits over the deployment, the subject, the steps and their effects. */
  readonly name: string
  /** Which deployment it is for. */
  readonly environment: string
  readonly section?: number
  readonly title: string
  readonly risk: Risk
  /** Why its risk is one level higher than such plans have. */
  readonly outlier?: string
  readonly subject: string
  /** What `--confirm` must equal, `production/hetzner2`; absent where nothing is asked. */
  readonly confirm?: string
  readonly target: readonly string[]
  /** Which cluster and which database have answered: where another one does, it is another plan. */
  readonly reached?: readonly string[]
  readonly steps: readonly PlannedStep[]
  /** Why it may not run: every failed check at once. */
  readonly blocked: readonly string[]
  /** The command that cures the first of what blocks it, where one is known. */
  readonly cure?: string
  /** What its steps leave unknown until they are done. */
  readonly uncheckable: readonly string[]
  /** The first step, from 0, that cannot be taken back; absent where all can. */
  readonly noReturn?: number
  /** The whole of it as text for a terminal. */
  readonly byHand: readonly string[]
  /** What it does not reach, and what else is to be known before it begins. */
  readonly beyond: readonly string[]
  /** What is wrong beside it, and is told again at its end. */
  readonly elsewhere?: readonly string[]
}
