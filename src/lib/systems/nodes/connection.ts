import type { Duplex } from 'node:stream'
import type { Run, RunOptions } from './commands.ts'
import type { Resolved } from './resolved.ts'
import type { Way } from './way.ts'

/** One verified, authenticated connection, by the library or by OpenSSH. */
export interface Connection {
  readonly host: Resolved
  readonly way: Way
  isLost(): boolean
  /** Every run ends: with an exit status, or with an Unreachable. */
  run(command: string, options: RunOptions): Promise<Run>
  /** A byte stream from the node to a port that it can reach. */
  forward(host: string, port: number): Promise<Duplex>
  close(): void
}
