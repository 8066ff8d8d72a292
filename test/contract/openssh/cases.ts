import { installed } from '../../support/installed.ts'
import type { ContractCase } from '../contract.ts'
import { accepted, both, codeOf, config, on, refused, run, sessionsAtOnce, timeoutMs } from './ask.ts'
import { configCases } from './config-cases.ts'
import { hostKeyCases } from './host-key-cases.ts'
import { identityCases } from './identity-cases.ts'
import { routeCases } from './route-cases.ts'
import { shellCases } from './shell-cases.ts'
import { wayCases } from './way-cases.ts'
import type { SshWorld } from './world.ts'

const commandCases: readonly ContractCase<SshWorld>[] = [
  { name: 'a known host', expected: accepted, give: (world) => both(world.configFile, 'hetzner1') },
  {
    name: 'exit code, both outputs apart',
    expected: { code: 7, signal: undefined, stdout: 'out\n', stderr: 'err\n' },
    give: (world) => run(world.configFile, 'hetzner1', 'echo out; echo err >&2; exit 7'),
  },
  {
    name: 'a command ended by a signal',
    expected: { code: undefined, signal: 'TERM' },
    give: async (world) => {
      const { code, signal } = await run(world.configFile, 'hetzner1', 'kill -TERM $$')
      return { code: code ?? undefined, signal }
    },
  },
  {
    name: 'a command that does not exist',
    expected: 127,
    give: async (world) => (await run(world.configFile, 'hetzner1', 'no-such-command-here')).code,
  },
  {
    name: 'characters across chunks',
    expected: true,
    give: async (world) => (await run(world.configFile, 'hetzner1', 'yes 漢字かな | head -n 30000')).stdout === '漢字かな\n'.repeat(30_000),
  },
  {
    name: '60 commands at once on one connection',
    expected: 60,
    give: (world) =>
      on(world.configFile, 'hetzner1', async (connection) => {
        const runs = Array.from({ length: 60 }, (_, n) => connection.run(`echo ${n}`, { timeoutMs }))
        return new Set((await Promise.all(runs)).map(({ stdout }) => stdout)).size
      }),
  },
  {
    name: 'ten sessions on one connection, the eleventh is refused',
    expected: { begun: 10, refused: 1 },
    give: (world) => sessionsAtOnce(world, 'hetzner1', 11),
  },
]

const faultCases: readonly ContractCase<SshWorld>[] = [
  {
    name: 'nothing listens',
    expected: refused('ssh-unreachable'),
    give: async (world) => {
      await world.down('hetzner3')
      return both(world.configFile, 'hetzner3')
    },
  },
  {
    name: 'accepts the connection and says nothing',
    expected: refused('ssh-timeout'),
    give: async (world) => {
      await world.silent('hetzner3')
      return both(config(world, 'Host hetzner3\n  ConnectTimeout 1'), 'hetzner3')
    },
  },
  {
    name: 'falls silent behind a bastion that answers',
    expected: refused('ssh-timeout'),
    give: async (world) => {
      await world.silent('hetzner3')
      return both(config(world, 'Host hetzner3\n  ConnectTimeout 1\n  ProxyJump bastion'), 'hetzner3')
    },
  },
  {
    name: 'dies in the middle of a command',
    expected: refused('ssh-lost'),
    give: async (world) => {
      installed('ps', 'procps')
      const running = both(world.configFile, 'hetzner2', 'sleep 31.7')
      await on(world.configFile, 'hetzner2', async ({ run: ask }) => {
        // Both clients' commands have begun when the node shows two of them.
        for (let tries = 0; tries < 100; tries++) {
          const { stdout } = await ask("ps -eo args | grep -c '^sleep [3]1.7'", { timeoutMs })
          if (Number(stdout) >= 2) return
        }
        throw new Error('the node never showed both commands')
      })
      await world.down('hetzner2')
      return running
    },
  },
  {
    name: 'out of sessions: it lets in and starts no command',
    expected: refused('ssh-no-session'),
    give: async (world) => {
      await world.withoutSessions('hetzner2')
      return both(world.configFile, 'hetzner2')
    },
  },
  {
    name: 'a tunnel to a port of the node',
    expected: 'SSH-2.0-',
    give: (world) =>
      on(world.configFile, 'hetzner1', async (connection) => {
        const { host, port } = world.place('hetzner2')
        const tunnel = await connection.forward(host, port)
        const banner = await new Promise<string>((resolve) =>
          tunnel.once('data', (chunk: Buffer) => resolve(chunk.toString('latin1').slice(0, 8))),
        )
        tunnel.destroy()
        return banner
      }),
  },
  {
    name: 'a tunnel to a port where nothing listens',
    expected: 'ssh-forward-refused',
    give: (world) => on(world.configFile, 'hetzner1', (connection) => codeOf(connection.forward('127.0.0.1', 1))),
  },
  {
    name: 'a tunnel from a node without sessions',
    expected: 'accepted',
    give: async (world) => {
      await world.withoutSessions('hetzner1')
      return on(world.configFile, 'hetzner1', (connection) => {
        const { host, port } = world.place('hetzner2')
        return codeOf(connection.forward(host, port).then((tunnel) => void tunnel.destroy()))
      })
    },
  },
]

/** Whatever `ssh alias true` of OpenSSH does, honeydue does; where it refuses, we refuse. */
export const opensshCases: readonly ContractCase<SshWorld>[] = [
  ...commandCases,
  ...hostKeyCases,
  ...identityCases,
  ...configCases,
  ...routeCases,
  ...shellCases,
  ...wayCases,
  ...faultCases,
]
