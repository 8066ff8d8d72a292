import type { Duration } from '../clock.ts'
import type { Name, Provers, Readers, Shown, Writers } from '../systems/systems.ts'
import type { Choices, Input } from './choice.ts'
import type { Context } from './context.ts'
import type { Finding } from './finding.ts'

/** One line of the before → after diff. Volatile values (ages, TTLs) belong in `note`, which is no part of a plan's identity. */
export interface Difference {
  readonly what: string
  readonly before: string
  readonly after: string
  readonly note?: string
  /** How many things this line stands for: keys, rows, rules. Far more than was shown is another plan. */
  readonly count?: number
  /** Of how many: where it is more than half of the whole, the plan weighs one level more. */
  readonly of?: number
}

/** How a change is taken back. It may look, because after a failure nobody knows the world; `afterwards`: once the values it depends on are back; `last`: once whatever used it has gone back as well. */
export type Undo<N extends Name> =
  | ((write: Writers<N>, look: Readers<N>, signal: AbortSignal) => Promise<void>)
  | { readonly afterwards: (write: Writers<N>, look: Readers<N>, signal: AbortSignal) => Promise<void> }
  | { readonly last: (write: Writers<N>, look: Readers<N>, signal: AbortSignal) => Promise<void> }
  | { readonly impossible: string }

/** Calls `changed` whenever what a step waits for may have changed, until the signal; a watch that ends or fails leaves the asking to the clock. */
export type Watching<N extends Name> = (look: Readers<N>, changed: () => void, signal: AbortSignal) => Promise<void>

/** A step that writes. Function properties, not methods: methods are bivariant and would let a writer in. */
export interface Change<N extends Name> {
  /** Imperative, names its object, no period, at most 60 characters. */
  readonly title: string
  readonly effect?: readonly Difference[]
  /** What only doing it can tell; the line is then opaque. */
  readonly unknown?: string
  /** Must hold before ANYTHING in the plan changes. */
  readonly check?: (look: Readers<N>) => Promise<Finding>
  /** Cannot read: its inputs come from facts. `tell` shows how far it is, where that takes long, and asks whether it may go on. */
  readonly apply: (write: Writers<N>, signal: AbortSignal, tell?: (soFar: string) => Promise<void>) => Promise<void>
  /** The world afterwards; where it already holds, apply is skipped. */
  readonly verify: (look: Readers<N>) => Promise<Finding>
  /** How long verify may take to hold; 30 s where nothing is said. */
  readonly within?: Duration
  /** Sees that verify may hold now. */
  readonly watching?: Watching<N>
  /** By hand: lines that stop where it does not hold afterwards. */
  readonly shows?: (prove: Provers<N>) => Shown
  readonly undo: Undo<N>
  /** By hand it is commented out like what cannot be taken back: without the steps after it, it does nothing but harm. */
  readonly held?: true
  /** The world once it is taken back. Where nothing is said: the plan, made anew, would do this step again just as it did. */
  readonly undone?: (look: Readers<N>) => Promise<Finding>
}

/** A step that only a human can settle. */
export interface Gate<N extends Name> {
  readonly title: string
  readonly ask: string
  /** Said with the question, and no part of the plan: what passes by itself, such as a number. */
  readonly note?: string
  /** The plan's subject is typed here, and not before the run begins: what follows cannot be taken back, and what came before it can. */
  readonly typed?: true
  /** Where it holds, what the gate stands before is done already, and nobody is asked. */
  readonly needless?: (look: Readers<N>) => Promise<Finding>
}

/** True before and after: "the health endpoint answers". */
export interface Proof<N extends Name> {
  readonly title: string
  /** It is known not to hold now, and is to hold afterwards: the procedure is the cure. */
  readonly onlyAfterwards?: true
  readonly holds: (look: Readers<N>) => Promise<Finding>
  readonly within?: Duration
  /** Sees that it may hold now. */
  readonly watching?: Watching<N>
  /** By hand: lines that stop where it does not hold. Without them, a person looks. */
  readonly shows?: (prove: Provers<N>) => Shown
}

/** One value that the live environment offers for a choice. */
export interface Offer {
  readonly value: string
  /** What tells it from the others: `idle for 5 min, holds advisory lock 4711`. */
  readonly about: string
}

export type Step<N extends Name> = Change<N> | Gate<N> | Proof<N>
export type Risk = 'routine' | 'disruptive' | 'irreversible'

/** One page of the runbook that can change something, in the order of the page. */
export interface Procedure<C extends Choices, N extends Name, F> {
  readonly id: `${string}:${string}`
  readonly section?: number
  readonly title: string
  readonly needs: readonly N[]
  readonly choices: C
  /** Live values of a choice, read only where somebody is asked for it. */
  readonly offers?: { readonly [K in keyof NoInfer<C>]?: (look: Readers<NoInfer<N>>, context: Context) => Promise<readonly Offer[]> }
  /** The question for a value that nobody may see, where one has to be given and no file has it: asked on a terminal, without showing what is typed. */
  hidden?(input: Input<C>, look: Readers<NoInfer<N>>, context: Context): Promise<string | undefined>
  /** Known before connecting. */
  risk(input: Input<C>): Risk
  /** Its own steps take away what its facts are read from: they are not read again before each change, whose writes test for themselves. */
  readonly consumesFacts?: true
  /** Its own steps stop what keeps the operators' lease: it is taken where it can be, and what becomes of it then stops nothing. */
  readonly stopsApi?: true
  /** Every read, concurrently where independent; stands before subject and steps, or F is unknown. */
  gather(input: Input<C>, look: Readers<NoInfer<N>>, context: Context): Promise<F>
  /** Why these facts weigh one level more than the input says: what is asked is then typed. */
  outlier?(facts: F): string | undefined
  /** What is typed to confirm; read from the live target. */
  subject(facts: F): string
  /** Lines that prove which target was read: cluster, host, database. */
  target?(facts: F): readonly string[]
  /** What this procedure does not reach, and what else is to be known before it begins; said at the end of the plan. */
  beyond?(facts: F): readonly string[]
  /** What is wrong beside it and stays so: told again beside "Done", which speaks of the steps alone. */
  elsewhere?(facts: F): readonly string[]
  /** What a run has come to, in numbers that no plan knows beforehand, from what was gathered before it and again after it; told below "Done". Pure. */
  came?(before: F, after: F): readonly string[]
  /** Pure. */
  steps(facts: F): readonly Step<NoInfer<N>>[]
}

/** Infers the types of a procedure, and does nothing else. */
export const defineProcedure = <const C extends Choices, const N extends Name, F>(procedure: Procedure<C, N, F>): Procedure<C, N, F> =>
  procedure

export const isChange = <N extends Name>(step: Step<N>): step is Change<N> => 'apply' in step
export const isProof = <N extends Name>(step: Step<N>): step is Proof<N> => 'holds' in step
export const isGate = <N extends Name>(step: Step<N>): step is Gate<N> => 'ask' in step
