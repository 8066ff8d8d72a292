import type { Clock, Duration } from '../../clock.ts'
import type { Trust } from '../https.ts'
import type { System } from '../systems.ts'
import { neonKey, readToken } from '../token.ts'
import { neonClient } from './client.ts'
import { readNeon } from './read-neon.ts'
import { proveNeon, sayNeon } from './say-neon.ts'
import type { NeonProver, NeonReader, NeonWriter } from './types.ts'
import { writeNeon } from './write-neon.ts'

export interface NeonOptions extends Trust {
  readonly project?: string | undefined
  /** Prints the API key. */
  readonly api_key_command?: readonly string[] | undefined
  /** The value of NEON_API_KEY. */
  readonly variable: string | undefined
  readonly clock: Clock
  readonly signal?: AbortSignal
  readonly timeout?: Duration
}

/** One project at Neon, over its API. */
export const neonSystem = (options: NeonOptions): System<NeonReader, NeonWriter, NeonProver> => {
  const { project = '', api_key_command: command, variable, clock, signal } = options
  const send = neonClient({ ...options, key: () => readToken(neonKey, { command, variable, ...(signal && { signal }) }) })
  const lacking =
    options.project === undefined
      ? 'neon.project is not in the configuration'
      : command === undefined && !variable
        ? `neither ${neonKey.variable} nor ${neonKey.setting} is set`
        : undefined
  return {
    read: { lacking: async () => lacking, ...readNeon(send, project) },
    write: writeNeon(send, project, clock),
    say: sayNeon(options),
    prove: proveNeon(options),
    close: async () => {},
  }
}
