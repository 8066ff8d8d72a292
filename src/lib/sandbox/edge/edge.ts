import type { Authority } from '../certificates.ts'
import { zoneName } from '../deployment/facts.ts'
import { labelsOf } from '../deployment/workload.ts'
import type { Client } from '../kubernetes/types.ts'
import type { NodesSandbox } from '../nodes/nodes.ts'
import type { CloudflareState } from './api/state.ts'
import { verdict } from './firewall.ts'
import { startFront } from './front.ts'
import type { Origin } from './origin.ts'
import { startTraefik, type Traefik } from './traefik.ts'
import { isReady } from './workloads.ts'

/** Milliseconds. */
export interface EdgeSpeed {
  /** From a change of a Secret to Traefik's serving it. */
  readonly reloadMs: number
  /** For which the edge keeps an idle connection to a node. */
  readonly keepAliveMs: number
}

/** Everything between a customer and the workloads. */
export interface EdgeSandbox {
  /** Of the edge, for every public name, on 127.0.0.1. */
  readonly port: number
  /** The Traefik of a node, by alias. */
  traefik(alias: string): Traefik
  /** Connections that are open at 443 of a node, as `address:port` of the peer. */
  connections(alias: string): readonly string[]
  reset(): void
  stop(): Promise<void>
}

export interface EdgeOptions {
  readonly authority: Authority
  /** Signs what a Traefik serves when it has no certificate for a name. */
  readonly traefik: Authority
  /** PEM. */
  readonly originRoot: string
  readonly client: Client
  readonly nodes: NodesSandbox
  readonly state: () => CloudflareState
  /** A pod of api answered this path, in so many milliseconds. */
  readonly answered?: (path: string, tookMs: number) => void
  readonly speed?: Partial<EdgeSpeed>
}

export async function startEdge({
  authority,
  traefik: own,
  originRoot,
  client,
  nodes,
  state,
  answered,
  speed = {},
}: EdgeOptions): Promise<EdgeSandbox> {
  const { reloadMs = 2000, keepAliveMs = 2000 } = speed
  const fallback = own.issue({ commonName: 'TRAEFIK DEFAULT CERT', names: ['sandbox.traefik.default'] })
  const traefiks = new Map<string, Traefik>()
  const open = new Map<string, Map<number, string>>()
  const origins: Origin[] = []
  for (const node of nodes.nodes) {
    const traefik = await startTraefik({ client, reloadMs, fallback, ...(answered && { answered }) })
    const peers = new Map<number, string>()
    const tell = () => node.state.write('peers443', [...peers].map(([port, source]) => `${source} ${port}\n`).join(''))
    traefiks.set(node.alias, traefik)
    open.set(node.alias, peers)
    nodes.lead(node.alias, 443, traefik.port)
    origins.push({
      address: () => node.address,
      port: traefik.port,
      listens: () => node.up() && runs(client, node.hostname),
      verdict: (source) => verdict(node.state, 443, source),
      opened: (source, port) => {
        peers.set(port, source)
        tell()
      },
      closed: (port) => {
        if (peers.delete(port)) tell()
      },
    })
  }
  const front = await startFront({
    identity: authority.issue({ commonName: zoneName, names: [zoneName, `*.${zoneName}`], addresses: ['127.0.0.1'] }),
    state,
    origins,
    roots: [originRoot],
    keepAliveMs,
  })
  const of = <T>(map: ReadonlyMap<string, T>, alias: string): T => {
    const found = map.get(alias)
    if (found === undefined) throw new Error(`no node ${alias} in the sandbox`)
    return found
  }
  return {
    port: front.port,
    traefik: (alias) => of(traefiks, alias),
    connections: (alias) => [...of(open, alias)].map(([port, source]) => `${source}:${port}`),
    reset() {
      front.reset()
      for (const traefik of traefiks.values()) traefik.reset()
    },
    async stop() {
      await front.stop()
      await Promise.all([...traefiks.values()].map((traefik) => traefik.stop()))
    },
  }
}

/** Whether the Traefik of a node is ready, as its DaemonSet's pod says. */
const runs = (client: Client, hostname: string): boolean =>
  client
    .list({ group: '', resource: 'pods' }, { namespace: 'kube-system', labels: labelsOf('traefik') })
    .some((pod) => (pod.spec as { readonly nodeName?: string } | undefined)?.nodeName === hostname && isReady(pod))
