import { atMost, type Clock } from '../../clock.ts'
import type { System } from '../systems.ts'
import { asker } from './ask.ts'
import { connector } from './connect.ts'
import { factsScript, readFacts } from './facts.ts'
import { firewallScript, lacksSudo, readFirewall } from './firewall.ts'
import { identitiesOf } from './identities.ts'
import { knownKeys } from './known-hosts.ts'
import { masterAnswers } from './openssh.ts'
import { connectionsScript, originScript, readConnections, readOrigin } from './origin.ts'
import { optionsFor, type SeenNode } from './over-ssh.ts'
import { proveNodes } from './prove-nodes.ts'
import { resolveAlias } from './resolve.ts'
import { readServed, servedScript } from './served.ts'
import { garbled, ufwUnreadable } from './troubles.ts'
import type { NodesProver, NodesReader, NodesWriter } from './types.ts'
import { wayTo } from './way.ts'
import { sayNodes, writeNodes } from './write-nodes.ts'

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

const readWithinMs = 15_000
const writeWithinMs = 30_000
const underWayWithin = 250

/** The `nodes` system: one SSH connection a node, opened at first use and kept until `close`. */
export const openNodes = (options: NodesOptions): System<NodesReader, NodesWriter, NodesProver> => {
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
  const withSignal = options.signal ? { signal: options.signal } : {}
  const { ask, told } = asker({ connections, hostnames: options.hostnames ?? new Map() })
  const reading = { timeoutMs: readWithinMs, ...withSignal }
  const read: NodesReader = {
    async setup(alias) {
      const host = await resolveAlias(alias, options)
      const [known, identities, master] = await Promise.all([knownKeys(host), identitiesOf(host), masterAnswers(host, options.configFile)])
      return {
        alias,
        way: wayTo(host, { masterAnswers: master, known, identities }),
        hostname: host.hostname,
        port: host.port,
        user: host.user,
        knownAt: known.filter(({ mark }) => mark !== 'revoked').map(({ file, line }) => `${file}:${line}`),
        knownHosts: host.knownHosts,
        usableKeys: identities.methods.length,
        locked: identities.locked,
        absent: identities.absent,
        agent: identities.agent,
        ...(host.remoteCommand !== undefined && { remoteCommand: host.remoteCommand }),
      }
    },
    hostname: async (alias) => (await ask(alias, ':', { timeoutMs: readWithinMs, ...withSignal })).answer.hostname,
    underWay: () => atMost(options.clock, underWayWithin, connections.underWay()),
    async facts(alias) {
      await connections.to(alias)
      const asked = options.clock.now().getTime()
      const { answer, startedAfterMs } = await ask(alias, factsScript, { timeoutMs: readWithinMs, ...withSignal })
      // Opening the channel took one round trip, starting the command another; the node read its clock half a round trip before we heard of it.
      const latencyMs = startedAfterMs / 2
      return readFacts(alias, answer, latencyMs, asked + 1.5 * latencyMs)
    },
    forward: async (alias, target) => (await connections.to(alias)).forward(target.host, target.port),
    async firewall(alias) {
      const { user } = (await connections.to(alias)).host
      const { code, stdout, stderr } = await told(alias, firewallScript, reading)
      if (code !== 0) throw ufwUnreadable(alias, user, stderr)
      seen.set(alias, { options: seen.get(alias)?.options ?? [], lacksSudo: lacksSudo(stdout) })
      return readFirewall(stdout)
    },
    origin: async (alias, urls) => (urls.length === 0 ? [] : readOrigin((await told(alias, originScript(urls), reading)).stdout, urls)),
    async served(alias, names) {
      const { code, stdout, stderr } = await told(alias, servedScript(names), reading)
      if (code !== 0) throw garbled(alias, stderr)
      return readServed(stdout, names)
    },
    async connections(alias, port) {
      const { code, stdout, stderr } = await told(alias, connectionsScript(port), reading)
      const count = code === 0 ? readConnections(stdout) : undefined
      if (count === undefined) throw garbled(alias, stderr)
      return count
    },
  }
  // Ctrl-C cuts a read off; a write comes to its end, or nobody would know what it did.
  const write = (alias: string, script: string) => told(alias, script, { timeoutMs: writeWithinMs }, 'proved first')
  return { read, write: writeNodes(write), say: sayNodes(saying), prove: proveNodes(saying), close: () => connections.close() }
}
