import type { Layout, SchemaObject } from '../postgres/types.ts'
import type { System } from '../systems.ts'

/** A migration file by its name and text. */
export interface ScratchFile {
  readonly name: string
  readonly text: string
}

/** What became of an attempt. `failure`: goose's words. */
export interface Built {
  readonly failure: string | undefined
  readonly schema: readonly SchemaObject[]
}

/** What one text that goose sends was seen to do on the copy, which has no rows. Tables with their schema, but for `public`. */
export interface Measured {
  readonly file: string
  /** Which text of its file, from 0. */
  readonly at: number
  /** All that its transaction holds after it, of what was there before the files; undefined where it has none. `mode` without "Lock". */
  readonly locks: readonly { readonly table: string; readonly mode: string }[] | undefined
  readonly rewrites: readonly string[]
  /** They have a new file, and no rewriting was heard of. */
  readonly emptied: readonly string[]
  readonly scans: readonly string[]
  readonly dropped: readonly { readonly kind: string; readonly name: string }[]
}

/** How pending files went over the live schema without its rows. `lines`: goose's log with each file's time. */
export interface Rehearsal {
  readonly failure: string | undefined
  /** Why they could not be tried at all: that says nothing of the files. */
  readonly unable?: string
  readonly lines: readonly string[]
  readonly measured: readonly Measured[]
}

/**
 * A PostgreSQL of honeydue's own, started for a question and stopped at the end: nothing of the deployment is touched. What it runs is run by a role
 * without rights on this machine, and ends in finite time.
 */
export interface ScratchReader {
  /** What these files build in an empty database of `user`, the live role. Throws `Blocked` where they could not be tried. */
  build(files: readonly ScratchFile[], user: string): Promise<Built>
  /** Runs files, as `user`, over a copy of a schema in which `versions` are applied. */
  rehearse(
    from: { readonly layout: Layout; readonly versions: readonly bigint[]; readonly versionSchema: string; readonly user: string },
    files: readonly ScratchFile[],
  ): Promise<Rehearsal>
}

declare module '../systems.ts' {
  interface Systems {
    readonly scratch: System<ScratchReader, Record<never, never>>
  }
}
