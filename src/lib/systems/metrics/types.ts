import type { Secret } from '../../secret.ts'
import type { Shown, System } from '../systems.ts'

/** One series of an instant answer; a value that is no number is left out. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** One target as vmagent scrapes it. */
export interface ScrapeTarget {
  readonly url: string
  readonly up: boolean
  /** What kept the last scrape away; '' where nothing did. */
  readonly error: string
  /** By its own clock; undefined where it has scraped nothing yet. */
  readonly scrapedAt: Date | undefined
  readonly labels: Readonly<Record<string, string>>
}

/** vmagent's own account of what it pushes, since it started. */
export interface Agent {
  readonly targets: readonly ScrapeTarget[]
  /** Answers of the store by their status: "2XX", "401". */
  readonly answers: Readonly<Record<string, number>>
  /** Pushes that got no answer at all. */
  readonly errors: number
  /** Blocks that were thrown away: 400 does it, and the queue looks healthy. */
  readonly dropped: number
  /** What waits to be pushed again. */
  readonly pendingBytes: number
}

/** Whether the write address takes a token, by a request that writes nothing. */
export type WriteAnswer = { readonly takes: true } | { readonly takes: false; readonly status: number }

export interface Grafana {
  /** "ok", by its own health page. */
  readonly database: string
  readonly version: string
  /** Undefined where no token is configured to ask for them. */
  readonly sources: readonly { readonly name: string; readonly well: boolean; readonly says: string }[] | undefined
}

export interface MetricsReader {
  /** What the configuration lacks to ask the store, in words; undefined where it has all. */
  lacking(): string | undefined
  /** An instant query. Throws Unreachable (`metrics-…`). */
  query(expression: string): Promise<readonly Series[]>
  /** Asked through a port-forward. Throws Unreachable (`kube-…`, `vmagent-…`). */
  agent(): Promise<Agent>
  /** With this token, else with the live one of the application's Secret. Throws Unreachable (`ingest-…`); `ingest-no-token` where the Secret has none. */
  mayWrite(token?: Secret): Promise<WriteAnswer>
  /** Throws Unreachable (`grafana-…`). */
  grafana(): Promise<Grafana>
}

/** What is measured is the application's. */
export type MetricsWriter = Readonly<Record<never, never>>

export interface MetricsProver {
  /** The write address takes what is in this file, or refuses it. */
  takes(file: string, wanted: boolean): Shown
}

declare module '../systems.ts' {
  interface Systems {
    readonly metrics: System<MetricsReader, MetricsWriter, MetricsProver>
  }
}
