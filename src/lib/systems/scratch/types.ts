import type { SchemaObject } from '../postgres/types.ts'
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

/** How pending files went over the live schema without its rows. `lines`: goose's log with each file's time. */
export interface Rehearsal {
  readonly failure: string | undefined
  readonly lines: readonly string[]
}

/** A PostgreSQL of honeydue's own, started for a question and stopped at the end: nothing of the deployment is touched. */
export interface ScratchReader {
  /** What these files build in an empty database. */
  build(files: readonly ScratchFile[]): Promise<Built>
  /** Runs files over a copy of a schema in which `versions` are applied. */
  rehearse(
    from: { readonly schema: readonly SchemaObject[]; readonly versions: readonly bigint[] },
    files: readonly ScratchFile[],
  ): Promise<Rehearsal>
}

declare module '../systems.ts' {
  interface Systems {
    scratch: System<ScratchReader, Record<never, never>>
  }
}
