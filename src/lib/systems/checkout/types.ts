import type { System } from '../systems.ts'

/** One value of a YAML file, by its place. */
export interface Scalar {
  /** Dotted, as it stands in the file: `database.host`. */
  readonly key: string
  /** Counted from 1. */
  readonly line: number
}

/** The API repository on this machine: files that the next deploy reads. Paths are relative to it. Failures throw Unreachable (`checkout-…`). */
export interface CheckoutReader {
  readonly folder: string
  /** The text of a file; undefined where there is none. */
  text(file: string): Promise<string | undefined>
  /** Every scalar of a YAML file that equals `value`; undefined where there is no such file. */
  scalars(file: string, value: string): Promise<readonly Scalar[] | undefined>
}

export interface CheckoutWriter {
  /** Changes the one scalar at `key` that still is `from`, and not a byte beside it. Throws Moved where it is another. */
  setScalar(change: {
    readonly file: string
    readonly key: string
    readonly line: number
    readonly from: string
    readonly to: string
  }): Promise<void>
}

declare module '../systems.ts' {
  interface Systems {
    checkout: System<CheckoutReader, CheckoutWriter>
  }
}
