import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connector } from '../../../src/lib/systems/nodes/connect.ts'
import { installed } from '../../support/installed.ts'
import type { ContractCase } from '../contract.ts'
import { accepted, both, config, refused, run, withoutKeys } from './ask.ts'
import type { SshWorld } from './world.ts'

/** An OpenSSH of the operator's with this configuration, for the time of `use`. */
const withMaster = async <T>(configFile: string, alias: string, socket: string, use: () => Promise<T>): Promise<T> => {
  const master = spawn(installed('ssh', 'openssh-client'), ['-F', configFile, '-M', '-N', '-S', socket, alias], { stdio: 'ignore' })
  try {
    for (let tries = 0; tries < 200 && !existsSync(socket); tries++) await sleep(50)
    return await use()
  } finally {
    const gone = once(master, 'exit')
    master.kill()
    await gone
  }
}

/** Code and cause of what connecting gave. */
const told = async (configFile: string, alias: string): Promise<readonly string[]> => {
  const connections = connector({ configFile })
  try {
    return await connections.to(alias).then(
      ({ way }) => ['accepted', way.by],
      ({ code, likely }) => [code, likely],
    )
  } finally {
    await connections.close()
  }
}

const keyOf = (world: SshWorld) => readFileSync(world.knownHostsFile, 'utf8').split('\n')[0] ?? ''
const old = '  KexAlgorithms +diffie-hellman-group14-sha1\n  Ciphers +aes128-cbc'

/** Ways that the library has not, and why one is closed. */
export const wayCases: readonly ContractCase<SshWorld>[] = [
  {
    name: 'KnownHostsCommand',
    expected: accepted,
    give: (world) =>
      both(config(world, `Host hetzner1\n  UserKnownHostsFile /dev/null\n  KnownHostsCommand /bin/echo ${keyOf(world)}`), 'hetzner1'),
  },
  {
    name: 'KnownHostsCommand that knows another key',
    expected: refused('ssh-refused'),
    give: (world) =>
      both(config(world, `Host hetzner2\n  UserKnownHostsFile /dev/null\n  KnownHostsCommand /bin/echo ${keyOf(world)}`), 'hetzner2'),
  },
  {
    name: 'an OpenSSH that runs already, without a key of ours',
    expected: { both: accepted, alone: ['accepted', 'master'] },
    give: async (world) => {
      const folder = mkdtempSync(join(tmpdir(), 'cm-'))
      const socket = join(folder, 's')
      const keyless = withoutKeys(world, `Host hetzner1\n  ControlPath ${socket}\nHost *\n  IdentityFile none\n  IdentityAgent none`)
      try {
        return await withMaster(world.configFile, 'hetzner1', socket, async () => ({
          both: await both(keyless, 'hetzner1'),
          alone: await told(keyless, 'hetzner1'),
        }))
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  },
  {
    name: 'PubkeyAcceptedAlgorithms without the type of our key',
    expected: refused('ssh-auth'),
    give: (world) => both(config(world, 'Host hetzner1\n  PubkeyAcceptedAlgorithms rsa-sha2-512'), 'hetzner1'),
  },
  {
    name: 'old algorithms that the configuration does not add',
    expected: refused('ssh-handshake'),
    give: async (world) => {
      await world.oldAlgorithms('hetzner3')
      return both(world.configFile, 'hetzner3')
    },
  },
  {
    name: 'old algorithms that the configuration adds',
    expected: { both: accepted, by: ['accepted', 'library'] },
    give: async (world) => {
      await world.oldAlgorithms('hetzner3')
      const file = config(world, `Host hetzner3\n${old}`)
      return { both: await both(file, 'hetzner3'), by: await told(file, 'hetzner3') }
    },
  },
  {
    name: 'algorithms of the configuration that the server has not',
    expected: refused('ssh-handshake'),
    give: async (world) => {
      await world.oldAlgorithms('hetzner3')
      return both(config(world, 'Host hetzner3\n  KexAlgorithms +diffie-hellman-group14-sha1\n  Ciphers aes256-ctr'), 'hetzner3')
    },
  },
  {
    name: 'RemoteCommand and RequestTTY: a command is run all the same',
    expected: 'ours\n',
    give: async (world) =>
      (await run(config(world, 'Host hetzner1\n  RemoteCommand tmux\n  RequestTTY force'), 'hetzner1', 'echo ours')).stdout,
  },
  {
    name: 'what a ProxyCommand printed before it ended',
    expected: ['ssh-lost', 'its ProxyCommand ended: exit 254: An error occurred (ExpiredTokenException); The token is expired'],
    give: (world) =>
      told(
        config(
          world,
          'Host hetzner3\n  ProxyCommand sh -c "echo \'An error occurred (ExpiredTokenException)\' >&2; echo The token is expired. >&2; exit 254"',
        ),
        'hetzner3',
      ),
  },
  {
    name: 'a ProxyCommand that is not there',
    expected: ['ssh-lost', true],
    give: async (world) => {
      const [code, cause = ''] = await told(config(world, 'Host hetzner3\n  ProxyCommand no-such-program %h'), 'hetzner3')
      return [code, /ended: exit 127: .*no-such-program/.test(cause)]
    },
  },
  {
    name: 'a ProxyCommand that never connects is ended, and what it printed is told',
    expected: ['ssh-timeout', 'it was not reached by its ProxyCommand for 1 s: Open https://login.example in a browser'],
    give: (world) =>
      told(
        config(
          world,
          'Host hetzner3\n  ConnectTimeout 1\n  ProxyCommand sh -c "echo Open https://login.example in a browser >&2; sleep 60"',
        ),
        'hetzner3',
      ),
  },
]
