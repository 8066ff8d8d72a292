import type { Clock } from '../../clock.ts'
import type { SeenNode } from '../../node-lines.ts'
import type { System } from '../systems.ts'
import { asker } from './ask.ts'
import { connector } from './connect.ts'
import { optionsFor } from './over-ssh.ts'
import { proveNodes } from './prove-nodes.ts'
import { readNodes } from './read-nodes.ts'
import { sayNodes } from './say-nodes.ts'
import type { NodesProver, NodesReader, NodesWriter } from './types.ts'
import { writeNodes } from './write-nodes.ts'

export interface NodesOptions {
  /** For `ssh -F`; without it the operator's own configuration. */
  readonly configFile?: string
  /** What the machine behind each alias calls itself: proved before anything is written to it, or believed of it. */
  readonly hostnames?: ReadonlyMap<string, string>
  readonly clock: Clock
  readonly signal?: AbortSignal
  /** A word for somebody who waits longer than usual. */
  readonly tell?: (what: string) => void
}

const writeWithinMs = 30_000

/** The `nodes` system: one SSH connection a node, opened at first use and kept until `close`. */
export const nodesSystem = (options: NodesOptions): System<NodesReader, NodesWriter, NodesProver> => {
  const seen = new Map<string, SeenNode>()
  const saying = { ...options, seen }
  const opened = connector(options)
  const connections = {
    ...opened,
    async to(alias: string) {
      const connection = await opened.to(alias)
      if (!seen.has(alias)) seen.set(alias, { options: optionsFor(connection.host), lacksSudo: false })
      return connection
    },
  }
  const asking = asker({ connections, hostnames: options.hostnames ?? new Map() })
  const read = readNodes({ options, connections, seen, ...asking })
  // Ctrl-C cuts a read off; a write comes to its end, or nobody would know what it did.
  const write = (alias: string, script: string) => asking.told(alias, script, { timeoutMs: writeWithinMs }, 'proved first')
  return { read, write: writeNodes(write, { seen }), say: sayNodes(saying), prove: proveNodes(saying), close: () => connections.close() }
}
