import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { type SshWorld, sshMachines } from '../../contract/openssh/world.ts'
import { installed } from '../../support/installed.ts'
import { answering, freePort, type Running, startServer } from '../processes.ts'

export interface RealSshOptions {
  /** PATH of the commands of a machine; without it, sshd's own. */
  readonly path?: (alias: string) => string
  /** Addresses of names as the machines know them; no other name of a file of hosts is theirs. */
  readonly names?: Readonly<Record<string, string>>
}

interface Machine {
  readonly alias: string
  readonly address: string
  /** Each machine has an address of its own: 127.0.0.11 and up. */
  readonly host: string
  readonly port: number
}

export interface RealSsh extends SshWorld {
  /** Begins a machine anew with these lines of sshd_config, which win over the world's; `files` of its own stand in place of the machine's, by path. */
  serve(alias: string, lines: readonly string[], files?: Readonly<Record<string, string>>): Promise<void>
}

/** Debian's sshd four times, as hetzner1–3 and a bastion, each with its own address and host key. */
export const realSsh = async ({ path, names }: RealSshOptions = {}): Promise<RealSsh> => {
  const sshd = installed('sshd', 'openssh-server')
  // As root, sshd separates privileges in this folder.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const dir = mkdtempSync(join(tmpdir(), 'real-ssh-'))
  const key = (name: string) => {
    execFileSync(installed('ssh-keygen', 'openssh-client'), ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(dir, name)])
    return readFileSync(join(dir, `${name}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ')
  }
  writeFileSync(join(dir, 'authorized'), `${key('identity')}\n`)
  key('foreign')
  const machines: Machine[] = []
  for (const [at, { alias, address }] of sshMachines.entries())
    machines.push({ alias, address, host: `127.0.0.${11 + at}`, port: await freePort() })
  const knownHostsFile = join(dir, 'known_hosts')
  writeFileSync(knownHostsFile, machines.map(({ alias, address }) => `${address} ${key(`host-${alias}`)}\n`).join(''))
  const configFile = join(dir, 'config')
  writeFileSync(configFile, machines.map((machine) => clientBlock(dir, machine)).join(''))

  const hosts = names ? { '/etc/hosts': hostsFile(dir, names) } : {}
  const running = new Map<string, Running>()
  const stopped = new Set<string>()
  const changed = new Set<string>()
  const start = async (
    { alias, host, port }: Machine,
    hostKey: string,
    more: readonly string[] = [],
    own: Readonly<Record<string, string>> = {},
  ) => {
    const file = join(dir, `${alias}.conf`)
    const [command = sshd, ...before] = [...inPlaceOf({ ...hosts, ...own }), sshd]
    const lines = [
      ...more,
      `ListenAddress ${host}:${port}`,
      `HostKey "${join(dir, hostKey)}"`,
      `AuthorizedKeysFile "${join(dir, 'authorized')}"`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'PidFile none',
      'MaxStartups 100',
      // Not the home of whoever runs this: its shell's start-up files would be part of every command.
      `SetEnv "HOME=${dir}"${path ? ` "PATH=${path(alias)}"` : ''}`,
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    running.set(alias, await startServer(command, [...before, '-D', '-e', '-f', file], { cwd: dir }))
    await answering(() => greeting(host, port), `sshd of ${alias}`)
  }
  const end = async (alias: string) => {
    const server = running.get(alias)
    running.delete(alias)
    if (!server) return
    if (stopped.delete(alias)) process.kill(server.pid, 'SIGCONT')
    endSessions(server.pid)
    await server.stop()
  }
  const machine = (alias: string) => {
    const found = machines.find((one) => one.alias === alias)
    if (!found) throw new Error(`no machine ${alias}`)
    return found
  }
  const again = async (alias: string, hostKey: string, more?: readonly string[], own?: Readonly<Record<string, string>>) => {
    changed.add(alias)
    await end(alias)
    await start(machine(alias), hostKey, more, own)
  }
  const world: RealSsh = {
    dir,
    configFile,
    knownHostsFile,
    identityFile: join(dir, 'identity'),
    place: (alias) => ({ host: machine(alias).host, port: machine(alias).port }),
    async down(alias) {
      changed.add(alias)
      await end(alias)
    },
    otherKey: (alias) => again(alias, 'foreign'),
    serve: (alias, lines, files) => again(alias, `host-${alias}`, lines, files),
    oldAlgorithms: (alias) => again(alias, `host-${alias}`, ['KexAlgorithms diffie-hellman-group14-sha1', 'Ciphers aes128-cbc']),
    oneSession: (alias) => again(alias, `host-${alias}`, ['MaxSessions 1']),
    async startup(alias, text) {
      // bash reads it where sshd starts it; HOME is the world's own folder.
      writeFileSync(join(dir, '.bashrc'), text)
      await again(alias, `host-${alias}`)
    },
    forced: (alias, command) => again(alias, `host-${alias}`, [`ForceCommand ${command}`]),
    withoutSessions: (alias) => again(alias, `host-${alias}`, ['MaxSessions 0']),
    async silent(alias) {
      changed.add(alias)
      stopped.add(alias)
      // The kernel goes on accepting connections for a process that is stopped.
      const server = running.get(alias)
      if (server) process.kill(server.pid, 'SIGSTOP')
    },
    async reset() {
      rmSync(join(dir, '.bashrc'), { force: true })
      for (const alias of [...changed]) {
        await end(alias)
        await start(machine(alias), `host-${alias}`)
        changed.delete(alias)
      }
    },
    async stop() {
      for (const { alias } of machines) await end(alias)
      rmSync(dir, { recursive: true, force: true })
    },
  }
  try {
    for (const one of machines) await start(one, `host-${one.alias}`)
    return world
  } catch (error) {
    await world.stop()
    throw error
  }
}

const hostsFile = (dir: string, names: Readonly<Record<string, string>>): string => {
  const file = join(dir, 'hosts')
  writeFileSync(file, ['127.0.0.1 localhost', ...Object.entries(names).map(([name, address]) => `${address} ${name}`), ''].join('\n'))
  return file
}

/** What starts a program with files of its own in place of the machine's, by path, in mounts of its own: the machine's stay as they are. */
const inPlaceOf = (files: Readonly<Record<string, string>>): readonly string[] => {
  if (Object.keys(files).length === 0) return []
  const unshare = installed('unshare', 'util-linux')
  const mounts = [unshare, '--mount', '--propagation', 'private'] as const
  try {
    execFileSync(unshare, [...mounts.slice(1), 'true'], { stdio: 'pipe' })
  } catch (error) {
    throw new Error(
      `the nodes need mounts of their own, and this machine does not grant them${process.getuid?.() === 0 ? '' : ' to anybody but root'}. Next: run it as root, where unshare --mount true succeeds`,
      { cause: error },
    )
  }
  const bind = Object.entries(files).map(([path, own]) => `mount --bind '${own}' '${path}'`)
  return [...mounts, 'sh', '-c', `${bind.join(' && ')} && exec "$0" "$@"`]
}

const clientBlock = (dir: string, { alias, address, host, port }: Machine): string =>
  [
    `Host ${alias}`,
    `  HostName ${host}`,
    `  Port ${port}`,
    `  HostKeyAlias ${address}`,
    `  User ${userInfo().username}`,
    `  UserKnownHostsFile "${join(dir, 'known_hosts')}"`,
    '  GlobalKnownHostsFile /dev/null',
    '  StrictHostKeyChecking yes',
    `  IdentityFile "${join(dir, 'identity')}"`,
    '  IdentityAgent none',
    '  IdentitiesOnly yes',
    '',
  ].join('\n')

const greeting = (host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    socket.setTimeout(2000, () => socket.destroy(new Error('it said nothing')))
    socket.once('data', () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
  })

/** A node that dies takes its sessions and their commands with it. */
const endSessions = (pid: number): void => {
  const rows = execFileSync(installed('ps', 'procps'), ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const below = (parent: number): number[] => rows.flatMap(([child = 0, of]) => (of === parent ? [child, ...below(child)] : []))
  for (const child of below(pid)) {
    try {
      process.kill(child, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}
