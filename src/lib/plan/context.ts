import type { Clock } from '../clock.ts'
import type { Environment } from '../environment/schema.ts'

/** What a procedure or report is given beside its input and its readers. */
export interface Context {
  readonly environment: Environment
  readonly clock: Clock
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}
