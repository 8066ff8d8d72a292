import type { Clock } from '../../clock.ts'
import type { SeenNode } from '../../node-lines.ts'
import type { Reached, System } from '../systems.ts'
import { asker } from './ask.ts'
import { connector } from './connect.ts'
import { optionsFor } from './over-ssh.ts'
import { proveNodes } from './prove-nodes.ts'
import { readNodes } from './read-nodes.ts'
import type { Resolved } from './resolved.ts'
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
  /** Filled with what is seen of each alias, for lines to be typed. */
  readonly seen?: Map<string, SeenNode>
}

const writeWithinMs = 30_000

/** The `nodes` system: one SSH connection a node, opened at first use and kept until `close`. */
export const nodesSystem = (options: NodesOptions): System<NodesReader, NodesWriter, NodesProver> => {
  const { seen = new Map<string, SeenNode>() } = options
  const places = new Map<string, string>()
  const saying = { ...options, seen }
  const resolved = (host: Resolved) => {
    if (!seen.has(host.alias)) seen.set(host.alias, { options: optionsFor(host), lacksSudo: false })
  }
  const opened = connector({ ...options, resolved })
  const connections = {
    ...opened,
    async to(alias: string) {
      const connection = await opened.to(alias)
      places.set(alias, `${connection.host.hostname}:${connection.host.port}`)
      return connection
    },
  }
  const names = new Map<string, string>()
  const asking = asker({
    connections,
    hostnames: options.hostnames ?? new Map(),
    answered: (alias, hostname) => names.set(alias, hostname),
  })
  const read = readNodes({ options: { ...options, resolved }, connections, seen, ...asking })
  // Ctrl-C cuts a read off; a write comes to its end, or nobody would know what it did.
  const write = (alias: string, script: string, within = writeWithinMs) => asking.told(alias, script, { timeoutMs: within }, 'proved first')
  /** By their own names, over the connections that writes go through. */
  const reached = async (): Promise<readonly Reached[]> =>
    [...names].map(([alias, hostname]) => {
      const is = `node ${alias} is ${hostname}`
      return { is, line: `${is}, at ${places.get(alias) ?? 'its address'} over SSH` }
    })
  return {
    read,
    askedOnce: ['facts', 'firewall', 'origin', 'served', 'etcd', 'k3sCertificates', 'restore'],
    write: writeNodes(write, { seen }),
    say: sayNodes(saying),
    prove: proveNodes(saying),
    reached,
    close: () => connections.close(),
  }
}
