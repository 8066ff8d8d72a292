import type { Hand } from './attention.ts'
import type { Sign } from './drill.ts'
import type { Jobs } from './jobs.ts'

/** How a drill stands. Times: RFC 3339. */
export interface Standing {
  readonly name: string
  readonly seed: number
  /** How many times faster than usual the deployment's own times pass. */
  readonly speed: number
  readonly heard: string
  readonly brokenAt?: string | undefined
  /** When somebody first looked at the cluster, a node or Cloudflare. */
  readonly seenAt?: string | undefined
  readonly hints: readonly string[]
  readonly hintsLeft: number
  readonly traffic: {
    readonly sent: number
    readonly lost: number
    readonly firstLost?: string
    readonly lastLost?: string
    readonly lately: number
    /** By what they were answered with; 0: nothing came. */
    readonly answers: Readonly<Record<string, number>>
  }
  readonly jobs: Jobs
  /** What others did meanwhile. */
  readonly events: readonly { readonly at: string; readonly what: string }[]
  /** Runs of every operator. */
  readonly hands: readonly Hand[]
}

/** What a look at the repair found. */
export interface Checked extends Standing {
  readonly passed: boolean
  readonly at: string
  /** When a look first found it repaired. */
  readonly passedAt?: string | undefined
  /** What may be told before it is repaired. */
  readonly symptom: readonly Sign[]
  /** What names the cause. */
  readonly causes: readonly Sign[]
  readonly origin: string
  readonly source?: string | undefined
  readonly page: string
  /** The shortest way, as command lines without the environment. */
  readonly way: readonly string[]
  /** What is to be done so that it does not come again. */
  readonly again: readonly string[]
  /** What looked guilty, and why it was not. */
  readonly innocent?: string | undefined
}
