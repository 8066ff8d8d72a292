import type { Clock } from '../clock.ts'
import type { SettingsPlace } from '../environment/load.ts'
import type { Environment } from '../environment/schema.ts'
import type { Secret } from '../secret.ts'

/** Who worked on a deployment last, and who does now. */
export interface Operators {
  /** Of this machine. `ending`: in a few words; `open`: it goes on, or was interrupted and not gone on with. */
  readonly last?: { readonly what: string; readonly at: string; readonly ending: string; readonly open: boolean }
  /** False where it could not be asked in time. */
  readonly leaseKnown: boolean
  /** Of the lease; undefined where nobody holds it. */
  readonly holder?: { readonly who: string; readonly doing: string }
}

/** What a procedure or report is given beside its input and its readers. */
export interface Context {
  readonly environment: Environment
  /** Where a value of it is written, for what tells the operator to write one. */
  readonly settings?: SettingsPlace
  readonly clock: Clock
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** What was typed unseen at the procedure's own question. */
  readonly typed?: Secret
  /** The pages of the runbook that words of trouble find, the best first. */
  readonly pages?: (words: string) => Promise<readonly { readonly command: string; readonly title: string }[]>
  /** By the journals of this machine and the lease. */
  readonly operators?: () => Promise<Operators>
  /** Since when (ISO, UTC) parts were seen in these states on this machine, without another one between; nothing for a state that is new. */
  readonly seenSince?: (states: Readonly<Record<string, string>>) => Promise<Readonly<Record<string, string>>>
  /** On how many things earlier runs of a procedure acted, by the journals of this machine: what is far more is out of the common. */
  readonly earlier?: (procedure: string) => Promise<readonly number[]>
}
