import { atMost, type Clock } from '../../clock.ts'
import { Unreachable } from '../../errors.ts'
import type { System } from '../systems.ts'
import { connector } from './connect.ts'
import { factsCommand, readFacts } from './facts.ts'
import { firewallCommand, readFirewall, sudoAsks } from './firewall.ts'
import { identitiesOf } from './identities.ts'
import { knownKeys } from './known-hosts.ts'
import { connectionsCommand, originCommand, readOrigin } from './origin.ts'
import { resolveAlias } from './resolve.ts'
import { readServed, servedCommand } from './served.ts'
import type { CommandOutput, NodesReader, NodesWriter } from './types.ts'
import { sayNodes, writeNodes } from './write-nodes.ts'

export interface NodesOptions {
  /** For `ssh -F`; without it the operator's own configuration. */
  readonly configFile?: string
  readonly clock: Clock
  readonly signal?: AbortSignal
}

const factsWithinMs = 15_000
const commandWithinMs = 30_000
const underWayWithin = 250

/** The `nodes` system: one SSH connection a node, opened at first use and kept until `close`. */
export const openNodes = (options: NodesOptions): System<NodesReader, NodesWriter> => {
  const connections = connector(options)
  const withSignal = options.signal ? { signal: options.signal } : {}
  const run = async (alias: string, command: string, ending = withSignal): Promise<CommandOutput> =>
    (await connections.to(alias)).run(command, { timeoutMs: commandWithinMs, ...ending })
  /** What a command printed that must end well. */
  const said = async (alias: string, command: string): Promise<string> => {
    const { code, signal, stdout, stderr } = await run(alias, command)
    if (code === 0) return stdout
    throw code === sudoAsks ? sudoRefused(alias) : couldNotAsk(alias, code ?? signal, stderr)
  }
  const read: NodesReader = {
    async setup(alias) {
      const host = await resolveAlias(alias, options)
      const [known, identities] = await Promise.all([knownKeys(host), identitiesOf(host)])
      return {
        alias,
        hostname: host.hostname,
        port: host.port,
        user: host.user,
        knownAt: known.filter(({ mark }) => mark !== 'revoked').map(({ file, line }) => `${file}:${line}`),
        knownHosts: host.knownHosts,
        usableKeys: identities.methods.length,
        locked: identities.locked,
        agent: identities.agent,
      }
    },
    underWay: () => atMost(options.clock, underWayWithin, connections.underWay()),
    async facts(alias) {
      const connection = await connections.to(alias)
      const asked = options.clock.now().getTime()
      const run = await connection.run(factsCommand, { timeoutMs: factsWithinMs, ...withSignal })
      if (run.code !== 0 && !run.stdout.includes('hostname ')) throw couldNotAsk(alias, run.code ?? run.signal, run.stderr)
      // Opening the channel took one round trip, starting the command another; the node read its clock half a round trip before we heard of it.
      const latencyMs = run.startedAfterMs / 2
      return readFacts(alias, run.stdout, latencyMs, asked + 1.5 * latencyMs)
    },
    forward: async (alias, target) => (await connections.to(alias)).forward(target.host, target.port),
    firewall: async (alias) => readFirewall(await said(alias, firewallCommand)),
    origin: async (alias, urls) => (urls.length === 0 ? [] : readOrigin(await said(alias, originCommand(urls)), urls)),
    served: async (alias, names) => readServed(await said(alias, servedCommand(names)), names),
    connections: async (alias, port) => Number((await said(alias, connectionsCommand(port))).trim()),
  }
  // Ctrl-C cuts a read off; a write comes to its end, or nobody would know what it did.
  const write = (alias: string, command: string) => run(alias, command, {})
  return { read, write: writeNodes(write), say: sayNodes, close: () => connections.close() }
}

const couldNotAsk = (alias: string, end: number | string | undefined, stderr: string): Unreachable =>
  new Unreachable({
    code: 'ssh-command',
    failed: `${alias} could not be asked`,
    cause: `its shell exited with ${end}: ${stderr.trim().split('\n')[0] ?? ''}`,
    next: `ssh ${alias} uptime`,
  })

const sudoRefused = (alias: string): Unreachable =>
  new Unreachable({
    code: 'ssh-sudo',
    failed: `UFW of ${alias} cannot be read`,
    cause: 'sudo asks for a password there',
    next: `ssh -t ${alias} sudo ufw status verbose`,
  })
