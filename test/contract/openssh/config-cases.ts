import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import type { ContractCase } from '../contract.ts'
import { accepted, both, config, file, newKey, refused, withKnown, withoutKeys } from './ask.ts'
import type { SshWorld } from './world.ts'

/** One Host block of the case's own before the world's. */
const of = (lines: readonly string[], alias = 'hetzner1') => ({
  expected: accepted,
  give: (world: SshWorld) => both(config(world, `Host ${alias}\n${lines.map((line) => `  ${line}`).join('\n')}`), alias),
})

/** The world's key under a name that the configuration makes of tokens. */
const keyAs = (world: SshWorld, name: string) => {
  const folder = join(world.dir, 'by token')
  mkdirSync(folder, { recursive: true })
  copyFileSync(world.identityFile, join(folder, name))
  return folder
}

/** Options as people have them: each leads, or does not, where OpenSSH's client does. */
export const configCases: readonly ContractCase<SshWorld>[] = [
  {
    name: 'equals signs, quotes, tabs and a comment',
    ...of(['HostName=127.0.0.1 # here', 'ConnectTimeout\t= "7"']),
    give: (world) =>
      both(config(world, `Host "hetzner1" other # a comment\n\tConnectTimeout = "7"\n\tLogLevel=QUIET # silent`), 'hetzner1'),
  },
  {
    name: 'a negated pattern of Host',
    expected: accepted,
    give: (world) => both(config(world, 'Host hetzner* !hetzner1\n  Port 1'), 'hetzner1'),
  },
  {
    name: 'Match final',
    expected: accepted,
    give: (world) =>
      both(config(world, `Match final host "${'hetzner1'}"\n  Port 1\nMatch final originalhost hetzner1\n  LogLevel VERBOSE`), 'hetzner1'),
  },
  {
    name: 'Match final that leads elsewhere',
    expected: refused('ssh-unreachable'),
    give: (world) =>
      both(
        file(
          world,
          `${readFileSync(world.configFile, 'utf8').replaceAll(/^ {2}Port \d+\n/gm, '')}\nMatch final originalhost hetzner1\n  Port 1`,
        ),
        'hetzner1',
      ),
  },
  {
    name: 'Match by the user of this machine, negated',
    expected: accepted,
    give: (world) =>
      both(
        config(
          world,
          `Match localuser nobody\n  Port 1\nMatch !localuser ${userInfo().username}\n  Port 1\nMatch user *,!${userInfo().username}\n  Port 1`,
        ),
        'hetzner1',
      ),
  },
  {
    name: 'Match exec with tokens',
    expected: accepted,
    give: (world) =>
      both(
        config(world, `Match exec "test %n = hetzner1 && test '%h' != ''"\n  ConnectTimeout 6\nMatch exec "test %n != hetzner1"\n  Port 1`),
        'hetzner1',
      ),
  },
  {
    name: 'the port in a file of Include',
    expected: refused('ssh-unreachable'),
    give: (world) => both(config(world, `Include "${file(world, 'Host hetzner1\n  Port 1\n')}" "/nonexistent/*"`), 'hetzner1'),
  },
  {
    name: 'Include inside of a Host',
    expected: accepted,
    give: (world) => both(config(world, `Host other\n  Include "${file(world, 'Port 1\n')}"`), 'hetzner1'),
  },
  ...['%n', '%r', '%u', '%L', '%l', '%h-%p', '%i', '%k', '%C', '%%', 'x%n-%r@%h:%p'].map((token) => ({
    name: `an identity by the token ${token}`,
    expected: accepted,
    give: (world: SshWorld) => {
      const { host, port } = world.place('hetzner1')
      const values: Readonly<Record<string, string>> = {
        n: 'hetzner1',
        r: userInfo().username,
        u: userInfo().username,
        l: hostname(),
        L: hostname().split('.')[0] ?? '',
        h: host,
        p: String(port),
        i: String(userInfo().uid),
        k: '178.104.247.152',
        '%': '%',
      }
      const hash = () =>
        /^controlpath (.+)$/m.exec(String(execFileSync('ssh', ['-G', '-F', world.configFile, '-o', 'ControlPath=%C', 'hetzner1'])))?.[1]
      const name = token.replaceAll(/%(.)/g, (_, one: string) => (one === 'C' ? hash() : values[one]) ?? one)
      const folder = keyAs(world, name)
      return both(withoutKeys(world, `Host *\n  IdentityAgent none\n  IdentityFile "${folder}/${token}"`), 'hetzner1')
    },
  })),
  {
    name: 'known hosts by the tokens %h and %k, a variable and several files',
    expected: accepted,
    give: (world) => {
      const { host } = world.place('hetzner1')
      const folder = join(world.dir, 'known-by')
      mkdirSync(folder, { recursive: true })
      copyFileSync(world.knownHostsFile, join(folder, `${host}_178.104.247.152`))
      return both(config(world, `Host hetzner1\n  UserKnownHostsFile /nonexistent/a ${folder}/%h_%k`), 'hetzner1')
    },
  },
  {
    name: 'a ProxyCommand by the tokens %n, %r, %h and %p, and a doubled percent sign',
    expected: accepted,
    give: (world) =>
      both(
        config(
          world,
          `Host hetzner3\n  ProxyCommand sh -c 'test "%n %r %%%%" = "hetzner3 ${userInfo().username} %%%%" && exec ssh -F "${world.configFile}" -W %h:%p bastion'`,
        ),
        'hetzner3',
      ),
  },
  {
    name: 'a ProxyCommand by %k and %l',
    expected: accepted,
    give: (world) =>
      both(
        config(
          world,
          `Host hetzner3\n  ProxyCommand sh -c 'test "%k" = 178.104.249.189 && exec ssh -F "${world.configFile}" -W %h:%p bastion'`,
        ),
        'hetzner3',
      ),
  },
  {
    name: 'a chain of jump hosts by user, address and port',
    expected: accepted,
    give: (world) => {
      const { username } = userInfo()
      const [one, two] = [world.place('bastion'), world.place('hetzner2')]
      const text = `Host hetzner3\n  ProxyJump ${username}@one.example:${one.port},ssh://${username}@two.example:${two.port}\nHost one.example\n  HostName ${one.host}\n  HostKeyAlias 192.0.2.10\nHost two.example\n  HostName ${two.host}\n  HostKeyAlias 178.105.32.198\nHost *\n  IdentityFile "${world.identityFile}"\n  UserKnownHostsFile "${world.knownHostsFile}"`
      return both(config(world, text), 'hetzner3')
    },
  },
  {
    name: 'a jump host by an IPv6 address in brackets, where nothing listens',
    expected: refused('ssh-unreachable'),
    give: (world) => both(config(world, 'Host hetzner3\n  ProxyJump root@[::1]:1'), 'hetzner3'),
  },
  {
    name: 'ProxyJump none before one of all',
    expected: accepted,
    give: (world) => both(config(world, 'Host hetzner1\n  ProxyJump none\nHost *\n  ProxyJump nowhere.invalid'), 'hetzner1'),
  },
  {
    name: 'a ProxyCommand before a ProxyJump',
    expected: accepted,
    give: (world) =>
      both(
        config(world, `Host hetzner3\n  ProxyCommand ssh -F "${world.configFile}" -W %h:%p bastion\n  ProxyJump nowhere.invalid`),
        'hetzner3',
      ),
  },
  {
    name: 'ProxyCommand none before a ProxyJump',
    expected: accepted,
    give: (world) => both(config(world, 'Host hetzner3\n  ProxyCommand none\n  ProxyJump bastion'), 'hetzner3'),
  },
  {
    name: 'an address of IPv4 and AddressFamily inet6',
    expected: refused('ssh-unreachable'),
    give: (world) => both(config(world, 'Host hetzner1\n  AddressFamily inet6'), 'hetzner1'),
  },
  { name: 'AddressFamily inet', ...of(['AddressFamily inet']) },
  { name: 'an address of this machine to come from', ...of(['BindAddress 127.0.0.1']) },
  { name: 'an address to come from that this machine has not', ...of(['BindAddress 192.0.2.77']), expected: refused('ssh-unreachable') },
  { name: 'SetEnv, SendEnv and a locale', ...of(['SetEnv FOO=bar "TWO=a b"', 'SendEnv LANG LC_*']) },
  {
    name: 'CanonicalizeHostname without a domain that fits',
    ...of(['CanonicalizeHostname yes', 'CanonicalDomains nowhere.invalid', 'CanonicalizeFallbackLocal yes']),
  },
  {
    name: 'CanonicalizeHostname without falling back',
    expected: refused('ssh-config'),
    give: (world) =>
      both(
        config(world, 'Host *\n  CanonicalizeHostname yes\n  CanonicalDomains nowhere.invalid\n  CanonicalizeFallbackLocal no'),
        'plain-name',
      ),
  },
  { name: 'a password before a key', ...of(['PreferredAuthentications password,publickey']) },
  { name: 'a password alone', ...of(['PreferredAuthentications password,keyboard-interactive']), expected: refused('ssh-auth') },
  {
    name: 'StdinNull, EscapeChar, VisualHostKey, LogLevel DEBUG3',
    ...of(['StdinNull yes', 'EscapeChar none', 'VisualHostKey yes', 'LogLevel DEBUG3']),
  },
  { name: 'a local command', ...of(['PermitLocalCommand yes', 'LocalCommand echo local; echo more >&2']) },
  {
    name: 'Compression, RekeyLimit and ServerAlive',
    ...of(['Compression yes', 'RekeyLimit 16K 1', 'ServerAliveInterval 1', 'TCPKeepAlive no', 'IPQoS none']),
  },
  {
    name: 'forwards and an agent to hand on',
    ...of(['ForwardAgent yes', 'ForwardX11 yes', 'LocalForward 127.0.0.1:1 localhost:1', 'Tunnel no']),
  },
  { name: 'a word of a newer OpenSSH, ignored', ...of(['IgnoreUnknown NoSuchWord', 'NoSuchWord yes']) },
  {
    name: 'HostKeyAlgorithms without the type of the host',
    ...of(['HostKeyAlgorithms -ssh-ed25519*']),
    expected: refused('ssh-handshake'),
  },
  { name: 'HostKeyAlgorithms with another type first', ...of(['HostKeyAlgorithms ^rsa-sha2-512,ecdsa-sha2-nistp256']) },
  { name: 'Ciphers without what the library likes', ...of(['Ciphers -aes*', 'MACs -umac*']) },
  { name: 'ControlMaster auto, where none runs', ...of(['ControlMaster auto', 'ControlPath /tmp/honeydue-test-%C', 'ControlPersist no']) },
  {
    name: 'a key by its public half, with the private one beside it',
    expected: refused('ssh-auth'),
    give: (world) => both(withoutKeys(world, `Host *\n  IdentityAgent none\n  IdentityFile "${world.identityFile}.pub"`), 'hetzner1'),
  },
  {
    name: 'IdentitiesOnly, and no identity',
    expected: refused('ssh-auth'),
    give: (world) =>
      both(withoutKeys(world, `Host *\n  IdentityAgent none\n  IdentitiesOnly yes\n  IdentityFile "${newKey(world)}"`), 'hetzner1'),
  },
  {
    name: 'a key of the host behind a name with a wildcard, beside a revoked one of another',
    expected: accepted,
    give: (world) =>
      withKnown(
        world,
        (text) =>
          `@revoked * ${(text.split('\n')[1] ?? '').split(' ').slice(1).join(' ')}\n${text.replace(/^178\.104\.247\.152/m, '178.104.24?.*,!1.2.3.4')}`,
        () => both(world.configFile, 'hetzner1'),
      ),
  },
  {
    name: 'known_hosts with CRLF, empty lines, comments and a broken line',
    expected: accepted,
    give: (world) =>
      withKnown(
        world,
        (text) => `# mine\r\n\r\nbroken\r\n178.104.247.152 ssh-ed25519 nonsense\r\n${text.replaceAll('\n', '\r\n')}`,
        () => both(world.configFile, 'hetzner1'),
      ),
  },
  {
    name: 'an alias with a dash before it',
    expected: refused('ssh-config'),
    give: (world) => both(world.configFile, '-hetzner1'),
  },
  {
    name: 'a HostKeyAlias with a token',
    expected: refused('ssh-unknown-host-key'),
    give: (world) => both(config(world, 'Host hetzner1\n  HostKeyAlias %n.example'), 'hetzner1'),
  },
  {
    name: 'a file of the configuration that others may write',
    expected: accepted,
    give: (world) => {
      const text = join(world.dir, 'written-by-all')
      writeFileSync(text, readFileSync(world.configFile, 'utf8'), { mode: 0o666 })
      return both(text, 'hetzner1')
    },
  },
]
