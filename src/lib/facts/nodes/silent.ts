import { reasonOf, Trouble } from '../../errors.ts'
import { onNode } from '../../node-lines.ts'
import type { Observation } from '../../plan/report.ts'
import { sh } from '../../shell.ts'

/** A node that could not be asked, with what its error names next, or OpenSSH's own words. */
export const silentNode = (alias: string, error: unknown): Observation => ({
  level: 'wrong',
  text: `No answer from ${alias} over SSH: ${reasonOf(error)}`,
  next: (error instanceof Trouble ? error.next : undefined) ?? onNode(alias, sh`true`, undefined, ['-v']),
})
