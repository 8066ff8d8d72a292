import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { publishedRanges } from '../edge/ranges.ts'
import { makeExactly } from '../exact-folder.ts'
import { sshdConfig } from './authorized.ts'
import { nodeCommands } from './commands.ts'
import { diskFiles, scheduledSnapshots } from './disk-state.ts'
import { database, databaseFile, etcdFile } from './etcd-commands.ts'
import { firstProgram, programFile, releases } from './k3s-releases.ts'
import { networkPrograms } from './network-programs.ts'

/** One machine as the book names it: the suffixes of alias and hostname do not match, on purpose. */
export interface NodeIdentity {
  readonly alias: string
  readonly address: string
  readonly hostname: string
}

/** The three nodes of the deployment book (README, ch01). */
export const bookNodes: readonly NodeIdentity[] = [
  { alias: 'hetzner1', address: '178.104.247.152', hostname: 'ubuntu-8gb-nbg1-2' },
  { alias: 'hetzner2', address: '178.105.32.198', hostname: 'ubuntu-8gb-nbg1-1' },
  { alias: 'hetzner3', address: '178.104.249.189', hostname: 'ubuntu-8gb-nbg1-3' },
]

/** Reads and writes the files that a node's commands answer from, by path relative to its state folder. */
export interface NodeState {
  read(file: string): string
  write(file: string, content: string): void
  /** Present when the node is to be restarted. */
  setRebootRequired(required: boolean): void
}

export interface NodeFolder extends NodeState {
  readonly root: string
  /** What its programs answer from. */
  readonly state: string
  readonly home: string
  readonly path: string
  /** The login shell's own start-up file, where a test wrote one. */
  readonly startup: string
  /** What runs in place of every command, where a test wrote it: `command=` of authorized_keys. */
  readonly forced: string
  /** Says where on 127.0.0.1 a port of the node really is. */
  lead(port: number, to: number): void
  /** The same for the sandbox itself. */
  led(port: number): number | undefined
  /** Says that a command begins or ends: it may have written anywhere here. */
  enter(): void
  /** Writes a file by its path below its root. */
  put(file: string, content: string): void
  /** What the kernel calls its present boot. */
  boot(): string
  /** Whether a command has asked for a reboot that has not begun. */
  rebootAsked(): boolean
  /** The names of the snapshots that a command has saved, and of the one that etcd was reset to; each is told once. */
  snapshotsTold(): { readonly saved: readonly string[]; readonly restored?: string }
  /** Another boot begins: with an id of its own, what waited for one is done, and k3s is not there yet. */
  startAnew(): void
  /** As systemd does at a boot. */
  startK3s(): Promise<void>
  /** As at the start. */
  reset(): void
}

/** Of a machine that has run for a month: an id that is the same in every sandbox, and when it started, as /proc/stat has it. */
export const firstBoot = (hostname: string): string =>
  createHash('md5')
    .update(hostname)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
const startedAt = (ms: number): string => `cpu  1 0 1 100 0 0 0 0 0 0\nbtime ${Math.floor(ms / 1000)}\n`
const aMonth = 30 * 86_400_000

const fromCloudflare = (range: string) => `allow|in|tcp|${range}|443|any|cloudflare`

/** SSH from anywhere, 443 from Cloudflare alone: 22 rules beside SSH's (ch04). What their comments say is in no source. */
const firewall = {
  rules4: ['allow|in|tcp|any|22|any|', ...publishedRanges.ipv4.map(fromCloudflare)],
  rules6: ['allow|in|tcp|any|22|any|', ...publishedRanges.ipv6.map(fromCloudflare)],
}

/** Writes the commands of every node, once for all of them: each finds the state of its node beside the folder that it was called in. */
export const writeCommands = (folder: string): void => {
  const script = (commands: Readonly<Record<string, string>>) =>
    new Map(Object.entries(commands).map(([name, body]) => [name, { content: `#!/bin/sh\nstate=\${0%/*/*}/state\n${body}`, mode: 0o755 }]))
  makeExactly(join(folder, 'bin'), script(nodeCommands))
  makeExactly(join(folder, 'fallback'), script(networkPrograms))
}

/** Writes the folder of one node, `commands` leading to its commands: its state, its home and the absolute paths that only it has (`root/`), with what of `own` and `ownState` it begins with; `members`: the hostnames of its cluster. */
export const nodeFolder = (
  folder: string,
  commands: string,
  node: NodeIdentity,
  own: Readonly<Record<string, string>> = {},
  ownState: Readonly<Record<string, string>> = {},
  members: readonly string[] = [node.hostname],
): NodeFolder => {
  const [bin, spare, state, root, home] = ['bin', 'fallback', 'state', 'root', 'home'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
    string,
  ]
  let entered = false
  const put = (file: string, content: string) => {
    entered = true
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
  const ports = new Map<number, number>()
  const marker = join(root, 'var/run/reboot-required')
  const files = Object.entries({
    hostname: node.hostname,
    address: node.address,
    sudo: 'free',
    'k3s-version': 'v1.34.6+k3s1',
    'k3s-running': 'v1.34.6+k3s1',
    'k3s-program': '/usr/local/bin/k3s',
    'k3s-releases': releases.join('\n'),
    'clock-synchronized': 'yes',
    'services/k3s': 'active',
    'services/ssh': 'active',
    'services/ufw': 'active',
    'sshd-config': sshdConfig,
    'ufw/enabled': 'yes',
    'ufw/logging': 'on (low)',
    'ufw/default': 'deny (incoming), allow (outgoing), disabled (routed)',
    'ufw/defaults': 'IPV6=yes',
    'ufw/rules4': firewall.rules4.join('\n'),
    'ufw/rules6': firewall.rules6.join('\n'),
    ...diskFiles,
    // Nothing is pending, and unattended-upgrades runs, as at provisioning (c77ff07).
    updates: '0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.',
    'apt-config': 'APT::Periodic::Unattended-Upgrade "1";',
    etcd: etcdFile(node.hostname),
    ...ownState,
  })
  const initial = new Map(files.map(([file, content]) => [file, { content: `${content}\n` }]))
  const first = firstBoot(node.hostname)
  let boot = first
  const fill = () => {
    boot = first
    makeExactly(state, initial)
    const booted = new Map<string, { readonly content: string; readonly mode?: number }>([
      [programFile, { content: firstProgram, mode: 0o755 }],
      ['proc/stat', { content: startedAt(Date.now() - aMonth) }],
      ['proc/sys/kernel/random/boot_id', { content: `${first}\n` }],
      ['proc/locks', { content: '' }],
      ['var/lib/apt/lists/lock', { content: '' }],
      ['var/lib/dpkg/lock-frontend', { content: '' }],
      ['var/lib/dpkg/lock', { content: '' }],
      ['var/lib/apt/periodic/unattended-upgrades-stamp', { content: '' }],
      [databaseFile, { content: database(members) }],
      ...Object.entries({ ...own, ...scheduledSnapshots(node.hostname, new Date()) }).map(
        ([file, content]) => [file, { content }] as const,
      ),
    ])
    makeExactly(root, booted, ['var/run'])
    // apt's timer has fetched them a moment ago.
    utimesSync(join(root, 'var/lib/apt/lists'), new Date(), new Date())
  }
  const asked = join(state, 'reboot-asked')
  mkdirSync(home, { recursive: true })
  for (const place of [bin, spare]) {
    rmSync(place, { recursive: true, force: true })
    symlinkSync(join(commands, basename(place)), place)
  }
  fill()
  const path = [bin, process.env['PATH'] ?? '/usr/bin:/bin', '/usr/sbin', '/sbin', spare].join(':')
  return {
    root,
    state,
    home,
    startup: join(state, 'login/startup'),
    forced: join(state, 'login/forced'),
    path,
    read: (file) => readFileSync(join(state, file), 'utf8'),
    write: (file, content) => put(join(state, file), content),
    setRebootRequired: (required) => (required ? put(marker, '*** System restart required ***\n') : rmSync(marker, { force: true })),
    lead(port, to) {
      ports.set(port, to)
      put(join(folder, 'ports', String(port)), String(to))
    },
    led: (port) => ports.get(port),
    enter: () => {
      entered = true
    },
    put: (file, content) => put(join(root, file), content),
    boot: () => boot,
    rebootAsked: () => existsSync(asked),
    snapshotsTold: () => {
      const [saved, restored] = ['etcd-saved', 'etcd-restored'].map((name) => {
        const file = join(state, name)
        const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
        rmSync(file, { force: true })
        return lines
      })
      return { saved: saved ?? [], ...(restored?.[0] !== undefined && { restored: restored[0] }) }
    },
    startAnew: () => {
      rmSync(asked, { force: true })
      for (const file of [marker, `${marker}.pkgs`]) rmSync(file, { force: true })
      boot = randomUUID()
      put(join(root, 'proc/sys/kernel/random/boot_id'), `${boot}\n`)
      put(join(root, 'proc/stat'), startedAt(Date.now()))
      put(join(state, 'services/k3s'), 'activating\n')
    },
    startK3s: () =>
      new Promise((resolve) => {
        const env = { PATH: path, USER: 'root' }
        execFile(join(bin, 'systemctl'), ['start', 'k3s'], { env }, () => resolve())
      }),
    reset: () => {
      if (entered) fill()
      entered = false
    },
  }
}
