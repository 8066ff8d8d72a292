import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Trouble } from '../../../src/lib/plan/errors.ts'
import { type Connection, connector } from '../../../src/lib/systems/nodes/connect.ts'
import type { SshWorld } from './world.ts'

/** One behaviour that the CLI relies on: what it gives must be `expected` on every server. */
export interface Case {
  readonly name: string
  readonly expected: unknown
  give(world: SshWorld, file: (text: string) => string): Promise<unknown>
}

const timeoutMs = 10_000

const on = async <T>(configFile: string, alias: string, use: (connection: Connection) => Promise<T>): Promise<T> => {
  const connections = connector({ configFile })
  try {
    return await use(await connections.to(alias))
  } finally {
    await connections.close()
  }
}
const run = (configFile: string, alias: string, command: string) =>
  on(configFile, alias, async (connection) => {
    const { code, signal, stdout, stderr } = await connection.run(command, { timeoutMs })
    return { code, signal: signal?.replace(/^SIG/, ''), stdout, stderr }
  })
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof Trouble ? error.code : String(error)),
  )
/** Whether OpenSSH's own client lets `alias true` through, beside what we do. */
const both = async (configFile: string, alias: string) => {
  const ssh = new Promise<string>((resolve) => {
    execFile('ssh', ['-F', configFile, '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=3', alias, 'true'], (error) =>
      resolve(error ? 'refused' : 'accepted'),
    )
  })
  return { ssh: await ssh, honeydue: await codeOf(run(configFile, alias, 'true')) }
}
const withKnown = async <T>(world: SshWorld, change: (text: string) => string, use: () => Promise<T>): Promise<T> => {
  const before = readFileSync(world.knownHostsFile, 'utf8')
  writeFileSync(world.knownHostsFile, change(before))
  try {
    return await use()
  } finally {
    writeFileSync(world.knownHostsFile, before)
  }
}
const accepted = { ssh: 'accepted', honeydue: 'accepted' }

export const cases: readonly Case[] = [
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
    name: '20 commands at once on one connection',
    expected: 20,
    give: (world) =>
      on(
        world.configFile,
        'hetzner1',
        async (connection) =>
          new Set(
            (await Promise.all(Array.from({ length: 20 }, (_, n) => connection.run(`echo ${n}`, { timeoutMs })))).map(
              ({ stdout }) => stdout,
            ),
          ).size,
      ),
  },
  {
    name: 'a changed host key',
    expected: { ssh: 'refused', honeydue: 'ssh-changed-host-key' },
    give: async (world) => {
      await world.otherKey('hetzner2')
      return both(world.configFile, 'hetzner2')
    },
  },
  {
    name: 'an unknown host',
    expected: { ssh: 'refused', honeydue: 'ssh-unknown-host-key' },
    give: (world) =>
      withKnown(
        world,
        () => '',
        () => both(world.configFile, 'hetzner1'),
      ),
  },
  {
    name: 'a revoked key',
    expected: { ssh: 'refused', honeydue: 'ssh-revoked-host-key' },
    give: (world) =>
      withKnown(
        world,
        (text) => text + text.replaceAll(/^\S+ /gm, '@revoked * '),
        () => both(world.configFile, 'hetzner1'),
      ),
  },
  {
    name: 'only a certificate authority is trusted',
    expected: { ssh: 'refused', honeydue: 'ssh-unknown-host-key' },
    give: (world) =>
      withKnown(
        world,
        (text) => text.replaceAll(/^(?=\S)/gm, '@cert-authority '),
        () => both(world.configFile, 'hetzner1'),
      ),
  },
  {
    name: 'hashed names',
    expected: accepted,
    give: (world) =>
      withKnown(
        world,
        (text) => text,
        async () => {
          execFileSync('ssh-keygen', ['-q', '-H', '-f', world.knownHostsFile], { stdio: 'ignore' })
          rmSync(`${world.knownHostsFile}.old`, { force: true })
          return both(world.configFile, 'hetzner1')
        },
      ),
  },
  {
    name: 'a negated pattern',
    expected: { ssh: 'refused', honeydue: 'ssh-unknown-host-key' },
    give: (world) =>
      withKnown(
        world,
        (text) => (text.split('\n')[0] ?? '').replace(/^(\S+) /, '*,!$1 '),
        () => both(world.configFile, 'hetzner1'),
      ),
  },
  {
    name: 'the name without its port',
    expected: accepted,
    give: (world, file) =>
      withKnown(
        world,
        (text) => text.replaceAll(/^\S+ /gm, '127.0.0.1 '),
        () => both(file(readFileSync(world.configFile, 'utf8').replaceAll(/^\s*HostKeyAlias .*\n/gm, '')), 'hetzner1'),
      ),
  },
  {
    name: 'a key that it does not know',
    expected: { ssh: 'refused', honeydue: 'ssh-auth' },
    give: (world, file) => {
      const other = file('')
      rmSync(other)
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other])
      const text = readFileSync(world.configFile, 'utf8').replaceAll(/IdentityFile .*/g, `IdentityFile ${other}`)
      return both(file(text), 'hetzner1')
    },
  },
  {
    name: 'nothing listens',
    expected: { ssh: 'refused', honeydue: 'ssh-unreachable' },
    give: async (world) => {
      await world.down('hetzner3')
      return both(world.configFile, 'hetzner3')
    },
  },
  {
    name: 'a chain of two jump hosts',
    expected: accepted,
    give: (world, file) =>
      both(file(`Host hetzner3\n  ProxyJump hetzner1,hetzner2\nHost *\n  Include "${world.configFile}"\n`), 'hetzner3'),
  },
  {
    name: 'a jump host whose key changed',
    expected: { ssh: 'refused', honeydue: 'ssh-changed-host-key' },
    give: async (world, file) => {
      await world.otherKey('hetzner2')
      return both(file(`Host hetzner3\n  ProxyJump hetzner2\nHost *\n  Include "${world.configFile}"\n`), 'hetzner3')
    },
  },
  {
    name: 'a ProxyCommand',
    expected: accepted,
    give: (world, file) =>
      both(
        file(`Host hetzner3\n  ProxyCommand ssh -F "${world.configFile}" -W %h:%p hetzner1\nHost *\n  Include "${world.configFile}"\n`),
        'hetzner3',
      ),
  },
  {
    name: 'a tunnel to a port of the node',
    expected: 'SSH-2.0-',
    give: (world) =>
      on(world.configFile, 'hetzner1', async (connection) => {
        const tunnel = await connection.forward('127.0.0.1', world.port('hetzner2'))
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
]
