import type { System } from '../systems.ts'

/** One span, its times in milliseconds. */
export interface Span {
  readonly id: string
  /** Of the span that it is within; undefined of the first. */
  readonly parent: string | undefined
  readonly service: string
  readonly name: string
  readonly startMs: number
  readonly tookMs: number
  readonly failed: boolean
  /** Its tags, as text. */
  readonly tags: Readonly<Record<string, string>>
}

export interface Trace {
  readonly id: string
  /** In the order of their starts. */
  readonly spans: readonly Span[]
}

export interface TracesWanted {
  readonly service: string
  readonly from: Date
  readonly to: Date
  readonly limit: number
  /** Only those with a span of the service that took as long. */
  readonly minMs?: number
}

export interface TracesReader {
  /** What the configuration lacks to ask for traces, in words; undefined where it has all. */
  lacking(): string | undefined
  /** In no order that is to be relied on. [] of a service that is not known. Throws Unreachable (`traces-…`). */
  find(wanted: TracesWanted): Promise<readonly Trace[]>
}

/** Traces are the application's. */
export type TracesWriter = Readonly<Record<never, never>>

declare module '../systems.ts' {
  interface Systems {
    readonly traces: System<TracesReader, TracesWriter>
  }
}
