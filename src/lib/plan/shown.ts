import type { Shown } from '../systems/systems.ts'

/** Several proofs by hand as one. */
export const both = (...shown: readonly Shown[]): Shown => ({
  before: shown.flatMap(({ before }) => before ?? []),
  lines: shown.flatMap(({ lines }) => lines),
})
