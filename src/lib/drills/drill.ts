import type { Sandbox } from '../sandbox/sandbox.ts'

/** What a drill has to work with. */
export interface World {
  readonly sandbox: Sandbox
  /** From 0 up to 1, the same in every run of one seed. */
  readonly random: () => number
  /** Aborted when the drill ends: what it watches ends with it. */
  readonly signal: AbortSignal
}

/** One thing that must be so at the end; `because`: why it is not. */
export interface Sign {
  readonly what: string
  readonly because?: string | undefined
}

/** One failure to practise on: how it breaks, what is heard of it, and when it is over. */
export interface Drill {
  readonly name: string
  /** What it was, as a sentence without its full stop; told when it is over. */
  readonly origin: string
  /** Where it is known from: the book's chapter, or a commit of this deployment. */
  readonly source?: string
  /** What a customer, a monitor or a colleague says. It names no cause. */
  readonly heard: string
  /** From the vague to the plain. */
  readonly hints: readonly string[]
  /** Breaks it. */
  readonly breaks: (world: World) => void | Promise<void>
  /** The symptom and its cause are gone: what the picture of the deployment does not show by itself. */
  readonly over?: (world: World) => readonly Sign[] | Promise<readonly Sign[]>
  /** Parts of the picture (see `pictureOf`) that a right repair leaves otherwise than they were. */
  readonly leaves?: readonly string[]
  /** What is lost by the break itself, and by nobody's fault. */
  readonly loses?: readonly 'jobs'[]
  /** The page of the runbook by which it is repaired. */
  readonly page: string
  /** The shortest way: the words of each command, or a line for a shell where no command does it. */
  readonly way: (world: World) => readonly Step[] | Promise<readonly Step[]>
  /** What is to be done so that it does not come again, as the book or the page says; nothing where neither does. */
  readonly again?: readonly string[]
}

/** One step of a way. `hand`: as it is typed where KUBECONFIG is the sandbox's, and ssh reads its configuration. */
export type Step = readonly string[] | { readonly hand: string }

/** As it is typed. */
export const lineOf = (step: Step): string => ('hand' in step ? step.hand : ['honeydue', ...step].join(' '))
