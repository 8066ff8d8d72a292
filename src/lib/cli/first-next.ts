import type { Observation } from '../plan/report.ts'

/** One of our commands with plain words behind it: nothing that a shell would read otherwise, and no place for a value that is still missing. */
const plainLine = /^honeydue [a-z][a-z:-]*(?: [\w@%+=:,./-]+)*$/

/**
 * The line that can be gone on with after a report: that of the first thing wrong, or of the first warning where nothing is. Without its `--dry-run`:
 * it shows its plan before it changes anything. Undefined where that finding names no line of ours that is whole.
 */
export const firstNext = (findings: readonly Observation[]): string | undefined => {
  const gravest = findings.find(({ level, next }) => level === 'wrong' && next) ?? findings.find(({ next }) => next)
  const line = gravest?.next?.replace(/ --dry-run$/, '')
  return line !== undefined && plainLine.test(line) ? line : undefined
}
