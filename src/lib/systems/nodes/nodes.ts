import type { Clock } from '../../clock.ts'
import { Unreachable } from '../../plan/errors.ts'
import type { System } from '../systems.ts'
import { connector } from './connect.ts'
import { factsCommand, readFacts } from './facts.ts'
import { identitiesOf } from './identities.ts'
import { knownKeys } from './known-hosts.ts'
import { resolveAlias } from './resolve.ts'
import type { NodesReader, NodesWriter } from './types.ts'

export interface NodesOptions {
  /** For `ssh -F`; without it the operator's own configuration. */
  readonly configFile?: string
  readonly clock: Clock
  readonly signal?: AbortSignal
}

const factsWithinMs = 15_000

/** The `nodes` system: one SSH connection a node, opened at first use and kept until `close`. */
export const openNodes = (options: NodesOptions): System<NodesReader, NodesWriter> => {
  const connections = connector(options)
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
    async facts(alias) {
      const connection = await connections.to(alias)
      const asked = options.clock.now().getTime()
      const run = await connection.run(factsCommand, { timeoutMs: factsWithinMs, ...(options.signal ? { signal: options.signal } : {}) })
      if (run.code !== 0 && !run.stdout.includes('hostname '))
        throw new Unreachable({
          code: 'ssh-command',
          failed: `${alias} could not be asked`,
          cause: `its shell exited with ${run.code ?? run.signal}: ${run.stderr.trim().split('\n')[0] ?? ''}`,
          next: `ssh ${alias} uptime`,
        })
      // Opening the channel took one round trip, starting the command another; the node read its clock half a round trip before we heard of it.
      const latencyMs = run.startedAfterMs / 2
      return readFacts(alias, run.stdout, latencyMs, asked + 1.5 * latencyMs)
    },
    forward: async (alias, target) => (await connections.to(alias)).forward(target.host, target.port),
  }
  return { read, write: {}, say: {}, close: () => connections.close() }
}
