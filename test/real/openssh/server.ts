import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SshWorld } from './world.ts'

const sshd = '/usr/sbin/sshd'

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('data', () => socket.destroy(resolve(true) as undefined))
    socket.once('error', () => resolve(false))
  })

const until = async (holds: () => Promise<boolean>, what: string) => {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await holds()) return
    await sleep(50)
  }
  throw new Error(`${what} within 5 s`)
}

/** Three of Debian's sshd as hetzner1–3, each with its own host key; says what to install when it is missing. */
export const realWorld = async (dir: string): Promise<SshWorld> => {
  if (!existsSync(sshd)) throw new Error('sshd is not installed: run test/real/install.sh as root (Debian package openssh-server)')
  // As root, sshd separates privileges in this folder.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const key = (name: string) => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(dir, name)])
    return readFileSync(join(dir, `${name}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ')
  }
  const identity = key('identity')
  writeFileSync(join(dir, 'authorized'), `${identity}\n`)
  const addresses = ['178.104.247.152', '178.105.32.198', '178.104.249.189']
  const children = new Map<string, ChildProcess>()

  const start = async (alias: string, port: number, hostKey: string) => {
    const config = join(dir, `${alias}.conf`)
    const lines = [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${join(dir, hostKey)}`,
      `AuthorizedKeysFile ${join(dir, 'authorized')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'PidFile none',
      'MaxStartups 100',
    ]
    writeFileSync(config, `${lines.join('\n')}\n`)
    const child = spawn(sshd, ['-D', '-e', '-f', config], { stdio: 'ignore' })
    children.set(alias, child)
    await until(() => answers(port), `sshd of ${alias} did not answer`)
  }
  const kill = async (alias: string) => {
    const child = children.get(alias)
    children.delete(alias)
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await gone
  }

  const nodes: { alias: string; address: string; port: number; hostKey: string }[] = []
  for (const [index, address] of addresses.entries()) {
    const alias = `hetzner${index + 1}`
    const port = await freePort()
    const hostKey = key(`host-${alias}`)
    await start(alias, port, `host-${alias}`)
    nodes.push({ alias, address, port, hostKey })
  }
  key('foreign')
  const knownHostsFile = join(dir, 'known_hosts')
  const configFile = join(dir, 'config')
  writeFileSync(knownHostsFile, nodes.map(({ address, hostKey }) => `${address} ${hostKey}\n`).join(''))
  const common = `  User ${userInfo().username}\n  UserKnownHostsFile ${knownHostsFile}\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  IdentityFile ${join(dir, 'identity')}\n  IdentityAgent none\n  IdentitiesOnly yes\n`
  writeFileSync(
    configFile,
    nodes
      .map(({ alias, address, port }) => `Host ${alias}\n  HostName 127.0.0.1\n  Port ${port}\n  HostKeyAlias ${address}\n${common}`)
      .join(''),
  )
  const node = (alias: string) => {
    const found = nodes.find((one) => one.alias === alias)
    if (!found) throw new Error(`no node ${alias}`)
    return found
  }
  return {
    configFile,
    knownHostsFile,
    port: (alias) => node(alias).port,
    async down(alias) {
      await kill(alias)
    },
    async otherKey(alias) {
      await kill(alias)
      await start(alias, node(alias).port, 'foreign')
    },
    async reset() {
      for (const { alias, port } of nodes) {
        await kill(alias)
        await start(alias, port, `host-${alias}`)
      }
    },
    async stop() {
      for (const { alias } of nodes) await kill(alias)
    },
  }
}
