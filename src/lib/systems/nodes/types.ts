import type { Duplex } from 'node:stream'
import type { System } from '../systems.ts'

/** What one script prints about a node in one round trip; what the node could not say is absent. */
export interface NodeFacts {
  readonly alias: string
  /** The host's own name: the end of the mapping that only SSH can tell. */
  readonly hostname: string
  readonly latencyMs: number
  readonly uptimeSeconds?: number
  /** Load averages over 1, 5 and 15 minutes. */
  readonly load?: readonly [number, number, number]
  readonly cpus?: number
  readonly memory?: { readonly totalBytes: number; readonly availableBytes: number }
  /** The root file system. */
  readonly disk?: { readonly totalBytes: number; readonly availableBytes: number }
  readonly k3sVersion?: string
  /** systemd's word: active, inactive, failed, activating … */
  readonly k3sService?: string
  readonly firewall: { readonly active: boolean } | { readonly unknown: string }
  readonly rebootRequired: boolean
  /** The node's clock minus ours, and whether it says that it is synchronized. */
  readonly clock: { readonly offsetMs?: number; readonly synchronized?: boolean }
}

export interface CommandOutput {
  readonly code: number | null
  readonly signal?: string
  readonly stdout: string
  readonly stderr: string
}

/** What this machine holds for reaching a node; nothing is connected to. */
export interface NodeSetup {
  readonly alias: string
  readonly hostname: string
  readonly port: number
  readonly user: string
  /** Lines of known_hosts that speak of it, as `file:line`. */
  readonly knownAt: readonly string[]
  readonly knownHosts: readonly string[]
  /** Keys that can be offered without a passphrase, the agent's counted as one. */
  readonly usableKeys: number
  /** Encrypted identity files that no agent holds. */
  readonly locked: readonly string[]
  readonly agent: 'answers' | 'silent' | 'none'
}

export interface NodesReader {
  /** How the alias would be reached. Throws Unreachable (`ssh-not-installed`, `ssh-config`). */
  setup(alias: string): Promise<NodeSetup>
  /** Everything of one node in one round trip. Throws Unreachable with a code `ssh-…`. */
  facts(alias: string): Promise<NodeFacts>
  /** A connection from the node to `host:port`, for Redis when the API server is down. Throws Unreachable (`ssh-forward-refused`). */
  forward(alias: string, target: { readonly host: string; readonly port: number }): Promise<Duplex>
}

/** No command writes to a node yet. */
export type NodesWriter = Readonly<Record<never, never>>

declare module '../systems.ts' {
  interface Systems {
    nodes: System<NodesReader, NodesWriter>
  }
}
