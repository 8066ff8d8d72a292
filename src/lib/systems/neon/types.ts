import type { Shown, System } from '../systems.ts'

/** A copy of the database's data at one moment, which costs what changes after it. */
export interface NeonBranch {
  /** `br-…` */
  readonly id: string
  readonly name: string
  /** The branch that it was made from. */
  readonly parent: string | undefined
  /** init, ready, resetting, archived. */
  readonly state: string
  /** ISO 8601. */
  readonly createdAt: string
}

export interface NeonReader {
  /** What the configuration lacks for Neon's API to be asked, in words; undefined where it has all. */
  lacking(): Promise<string | undefined>
  /** Every branch of the project. Throws Unreachable (`neon-…`). */
  branches(): Promise<readonly NeonBranch[]>
  /** The id of the branch whose compute answers under this host, directly or pooled; undefined where the project has no such compute. */
  branchOf(host: string): Promise<string | undefined>
}

export interface NeonWriter {
  /** Makes a branch `before-<UTC yyyymmdd-hhmm>-v<version>` of the parent's data as it is now, without a compute. */
  markVersion(wanted: { readonly parent: string; readonly version: bigint }): Promise<void>
  /** Deletes a branch that `markVersion` made. Refuses one of another name. */
  deleteMark(mark: Pick<NeonBranch, 'id' | 'name'>): Promise<void>
}

export interface NeonProver {
  /** The branch that the script has made is ready. Times in milliseconds. */
  ready(within: number): Shown
}

declare module '../systems.ts' {
  interface Systems {
    readonly neon: System<NeonReader, NeonWriter, NeonProver>
  }
}
