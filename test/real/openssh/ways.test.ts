import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { judge } from '../../../src/lib/facts/firewall/judge.ts'
import { firewallFindings } from '../../../src/lib/reports/firewall/findings.ts'
import { connector } from '../../../src/lib/systems/nodes/connect.ts'
import { nodesSystem } from '../../../src/lib/systems/nodes/nodes.ts'
import { accepted, both, config, file, keygen, newKey, run, withKnown, withoutKeys } from '../../contract/openssh/ask.ts'
import { installed } from '../../support/installed.ts'
import { puttyKey } from './putty-key.ts'
import { type RealSsh, realSsh } from './server.ts'

// What only a real server can show, because the sandbox's own has no certificates, no newer algorithms, no users and no sudo.

let world: RealSsh
const { username } = userInfo()
beforeAll(async () => {
  world = await realSsh()
})
beforeEach(() => world.reset())
afterAll(() => world?.stop())

const alias = 'hetzner1'
const pub = (key: string) => readFileSync(`${key}.pub`, 'utf8')
const sign = (authority: string, key: string, ...more: readonly string[]) => keygen('-s', authority, '-I', 'it', ...more, `${key}.pub`)
/** This key alone, in a file. */
const only = (key: string, text = '') =>
  withoutKeys(world, `Host *\n  IdentityFile "${key}"\n  IdentitiesOnly yes\n  IdentityAgent none\n${text}`)
const authorize = (key: string) => `AuthorizedKeysFile "${file(world, pub(key))}"`
const causeOf = async (configFile: string) => {
  const connections = connector({ configFile })
  try {
    return await connections.to(alias).then(
      () => 'accepted',
      ({ likely }) => likely,
    )
  } finally {
    await connections.close()
  }
}
const withAgent = async <T>(keys: readonly (readonly string[])[], use: (socket: string) => Promise<T>): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'agent-'))
  const socket = join(folder, 's')
  const agent = spawn(installed('ssh-agent', 'openssh-client'), ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    await once(agent.stdout, 'data')
    for (const words of keys) execFileSync('ssh-add', ['-q', ...words], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
    return await use(socket)
  } finally {
    const gone = once(agent, 'exit')
    agent.kill()
    await gone
    rmSync(folder, { recursive: true })
  }
}
const asked = (socket: string) => withoutKeys(world, `Host *\n  IdentityFile none\n  IdentityAgent ${socket}`)

test('an RSA key in PKCS#8', async () => {
  const key = file(world, '')
  rmSync(key)
  keygen('-t', 'rsa', '-b', '2048', '-m', 'PKCS8', '-N', '', '-f', key)
  await world.serve(alias, [authorize(key)])
  expect(await both(only(key), alias)).toEqual(accepted)
})

test('an RSA key in PuTTY’s format, and one that is shorter than RequiredRSASize: OpenSSH takes neither', async () => {
  const key = file(world, '')
  rmSync(key)
  keygen('-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '', '-f', key)
  await world.serve(alias, [authorize(key)])
  expect(await both(only(key), alias)).toEqual(accepted)
  expect(await both(only(file(world, puttyKey(key))), alias)).toEqual({ ssh: 'refused', honeydue: 'ssh-refused' })
  expect(await both(only(key, '  RequiredRSASize 4096'), alias)).toEqual({ ssh: 'refused', honeydue: 'ssh-refused' })
  await world.serve(alias, [authorize(world.identityFile)])
  expect(await both(config(world, 'Host *\n  RequiredRSASize 4096'), alias)).toEqual(accepted)
})

test('a certificate beside its key, named, in an agent, and one that has expired', async () => {
  const [authority, beside, named, held, expired] = Array.from({ length: 5 }, () => newKey(world)) as [
    string,
    string,
    string,
    string,
    string,
  ]
  await world.serve(alias, [`TrustedUserCAKeys "${authority}.pub"`, 'AuthorizedKeysFile none'])
  for (const key of [beside, named, held]) sign(authority, key, '-n', username)
  sign(authority, expired, '-n', username, '-V', '20200101:20200102')
  const elsewhere = file(world, readFileSync(`${named}-cert.pub`, 'utf8'))
  rmSync(`${named}-cert.pub`)
  expect(await both(only(beside), alias)).toEqual(accepted)
  expect(await both(only(named, `  CertificateFile "${elsewhere}"`), alias)).toEqual(accepted)
  expect(await withAgent([[held]], (socket) => both(asked(socket), alias))).toEqual(accepted)
  expect(await both(only(expired), alias)).toEqual({ ssh: 'refused', honeydue: 'ssh-refused' })
})

test('a host certificate, alone and beside a key that the host no longer has, and none of another authority', async () => {
  const [authority, other] = [newKey(world), newKey(world)]
  const host = join(world.dir, `host-${alias}`)
  sign(authority, host, '-h', '-n', '178.104.247.152')
  await world.serve(alias, [`HostCertificate "${host}-cert.pub"`])
  const knowing = (text: string) =>
    withKnown(
      world,
      () => text,
      () => both(world.configFile, alias),
    )
  const line = `@cert-authority * ${pub(authority)}`
  expect(await knowing(line)).toEqual(accepted)
  expect(await knowing(`${line}178.104.247.152 ${pub(other)}`)).toEqual(accepted)
  expect(await knowing(`@cert-authority * ${pub(other)}`)).toEqual({ ssh: 'refused', honeydue: 'ssh-refused' })
  expect(await knowing(`${line}@revoked * ${pub(host)}`)).toEqual({ ssh: 'refused', honeydue: 'ssh-refused' })
})

test.each([
  ['a newer key exchange alone', ['KexAlgorithms sntrup761x25519-sha512@openssh.com']],
  ['a MAC that the library has not', ['MACs umac-128-etm@openssh.com', 'Ciphers aes128-ctr']],
])('%s', async (_, lines) => {
  await world.serve(alias, lines)
  expect(await both(world.configFile, alias)).toEqual(accepted)
})

test('a key accepted and a password wanted beside it is said, from a file and from an agent of three', async () => {
  await world.serve(alias, ['AuthenticationMethods publickey,password', 'PasswordAuthentication yes'])
  const cause = 'it accepted the key and wants password beside it'
  expect(await causeOf(world.configFile)).toBe(cause)
  const keys = [[newKey(world)], [world.identityFile], [newKey(world)]]
  expect(await withAgent(keys, (socket) => causeOf(asked(socket)))).toBe(cause)
})

test('more keys than the server hears', async () => {
  const keys = Array.from({ length: 8 }, () => [newKey(world)])
  expect(await withAgent([...keys, [world.identityFile]], (socket) => causeOf(asked(socket)))).toMatch(
    /Too many authentication failures, after \d keys/,
  )
})

test('an agent that signs for one destination alone', async () => {
  const held = ['-H', world.knownHostsFile, '-h', '178.104.247.152', world.identityFile]
  expect(await withAgent([held], (socket) => both(asked(socket), alias))).toEqual(accepted)
})

/** Users of a machine, each with a login shell and rights of sudo, in files that stand in place of this machine's. */
const users = (shells: Readonly<Record<string, string>>, sudoers: string, uid = 0): Readonly<Record<string, string>> => {
  const names = Object.keys(shells)
  const homes = names.map((name) => join(world.dir, `home-${name}`))
  for (const home of homes) mkdirSync(home, { recursive: true })
  execFileSync('chmod', ['755', world.dir])
  const passwd = names.map((name, at) => `${name}:x:${uid && uid + at}:${uid && uid + at}::${homes[at]}:${shells[name]}\n`).join('')
  const own = (path: string, text: string, mode: string) => {
    const place = file(world, text)
    execFileSync('chmod', [mode, place])
    return [path, place] as const
  }
  const ufw = `#!/bin/sh\ncase "$*" in 'status verbose'|status) echo 'Status: active'; echo 'Default: deny (incoming), allow (outgoing), disabled (routed)' ;; 'show added') echo 'ufw allow 443/tcp' ;; *) exit 1 ;; esac\n`
  return Object.fromEntries([
    own('/etc/passwd', `${readFileSync('/etc/passwd', 'utf8')}${passwd}`, '644'),
    own('/etc/shadow', `${readFileSync('/etc/shadow', 'utf8')}${names.map((name) => `${name}:*:19000:0:99999:7:::\n`).join('')}`, '600'),
    own('/etc/sudoers', sudoers, '440'),
    own(installed('ufw', 'ufw'), ufw, '755'),
  ])
}
const asUser = async <T>(user: string, use: (nodes: ReturnType<typeof nodesSystem>['read']) => Promise<T>): Promise<T> => {
  const nodes = nodesSystem({ configFile: config(world, `Host *\n  User ${user}`), clock: systemClock })
  try {
    return await use(nodes.read)
  } finally {
    await nodes.close()
  }
}
// Users by name are told apart by their shells alone: each is root, so that nothing of sudo stands between.
test.runIf(process.getuid?.() === 0)('login shells that are no sh', async () => {
  const shells = { ucsh: installed('tcsh', 'tcsh'), ufish: installed('fish', 'fish'), ubash: '/bin/bash' }
  await world.serve(alias, [`SetEnv "HOME=${world.dir}" LANGUAGE=de_DE:de`], users(shells, 'root ALL=(ALL:ALL) ALL\n'))
  writeFileSync(join(world.dir, '.cshrc'), 'echo csh welcomes\nalias echo "echo hijacked"\nset history = 100\n')
  writeFileSync(join(world.dir, '.bashrc'), 'printf Welcome\nread -r line\n')
  const broken = config(world, 'Host *\n  User ucsh')
  expect((await run(broken, alias, "echo 'a\nb'")).stderr).toContain('Unmatched')
  for (const user of Object.keys(shells)) {
    const facts = await asUser(user, (read) => read.facts(alias))
    expect([user, facts.firewall]).toEqual([user, { active: true }])
    expect(await asUser(user, (read) => read.connections(alias, 1))).toBe(0)
    expect((await asUser(user, (read) => read.firewall(alias))).rules.length).toBe(1)
  }
})

test.runIf(process.getuid?.() === 0)('what sudo allows is asked for, and what it refuses is told in its words', async () => {
  const names = ['uufw', 'utwo', 'uall', 'upassword', 'utty', 'unobody']
  const ufw = installed('ufw', 'ufw')
  const sudoers = [
    'Defaults:utty requiretty',
    `uufw ALL=(root) NOPASSWD: ${ufw}`,
    `utwo ALL=(root) NOPASSWD: ${ufw} status verbose, ${ufw} show added`,
    'uall ALL=(ALL) NOPASSWD: ALL',
    'upassword ALL=(ALL) ALL',
    'utty ALL=(ALL) NOPASSWD: ALL',
    '',
  ].join('\n')
  installed('sudo', 'sudo')
  const shells = Object.fromEntries(names.map((name) => [name, '/bin/sh']))
  // A file of hosts without the machine's own name: sudo warns of it before whatever else it says.
  await world.serve(alias, [], { ...users(shells, sudoers, 3000), '/etc/hosts': file(world, '127.0.0.1 localhost\n') })
  const seen = await Promise.all(
    names.map((name) =>
      asUser(name, async (read) => [
        name,
        (await read.facts(alias)).firewall,
        await read.firewall(alias).then(
          ({ active }) => active,
          ({ code, likely }) => [code, likely],
        ),
      ]),
    ),
  )
  const refused = (words: string) => [{ unknown: words }, ['ssh-sudo', words]]
  const password = 'sudo: a password is required'
  expect(seen).toEqual([
    ['uufw', { active: true }, true],
    ['utwo', { active: true }, true],
    ['uall', { active: true }, true],
    ['upassword', ...refused(password)],
    ['utty', ...refused('sudo: sorry, you must have a tty to run sudo')],
    ['unobody', ...refused(password)],
  ])
})

test.runIf(process.getuid?.() === 0)('sudoers as people write them', async () => {
  const ufw = installed('ufw', 'ufw')
  const allowed = 'ALL=(root) NOPASSWD: FIREWALL'
  /** The lines of a user beside `allowed`, and what comes of it: undefined where UFW is read. */
  const written: Readonly<Record<string, readonly [lines: readonly string[], refused?: string]>> = {
    usecure: [['Defaults:usecure secure_path="/usr/local/sbin:/usr/sbin:/sbin:/bin"', `usecure ${allowed}`]],
    ubare: [['Defaults:ubare secure_path="/usr/bin:/bin"', `ubare ${allowed}`]],
    upty: [['Defaults:upty use_pty', `upty ${allowed}`]],
    ulog: [['Defaults:ulog log_output, log_input, use_pty', `ulog ${allowed}`]],
    uinsult: [['Defaults:uinsult insults, lecture=always', `uinsult ${allowed}`]],
    ulecture: [['Defaults:ulecture lecture=always', 'ulecture ALL=(ALL) ALL'], 'sudo: a password is required'],
    umail: [['Defaults:umail mailto="root@localhost", mail_always, !mailerpath', `umail ${allowed}`]],
    ureset: [['Defaults:ureset !env_reset, setenv', `ureset ${allowed}`]],
    ukeep: [['Defaults:ukeep env_delete+="LC_ALL LANGUAGE"', `ukeep ${allowed}`]],
    ualias: [['User_Alias ADMINS = ualias', 'Runas_Alias SUPER = root', `ADMINS ALL=(SUPER) NOPASSWD: FIREWALL`]],
    unegated: [[`unegated ALL=(ALL) NOPASSWD: ALL, !${ufw}`], 'Sorry, user unegated is not allowed to execute'],
    uhost: [['uhost elsewhere=(root) NOPASSWD: ALL'], 'sudo: a password is required'],
    uuser: [['uuser ALL=(nobody) NOPASSWD: ALL'], 'sudo: a password is required'],
    utarget: [['Defaults:utarget targetpw', 'utarget ALL=(ALL) ALL'], 'sudo: a password is required'],
    unoexec: [['Defaults:unoexec noexec', `unoexec ${allowed}`]],
    uanytty: [['Defaults:uanytty requiretty', 'Defaults:uanytty !requiretty', `uanytty ${allowed}`]],
  }
  const sudoers = [`Cmnd_Alias FIREWALL = ${ufw} status verbose, ${ufw} status, ${ufw} show added, ${ufw} app info all`]
    .concat(Object.values(written).flatMap(([lines]) => lines))
    .join('\n')
  installed('sudo', 'sudo')
  const names = Object.keys(written)
  await world.serve(alias, [], users(Object.fromEntries(names.map((name) => [name, '/bin/sh'])), `${sudoers}\n`, 3000))
  const seen = await Promise.all(
    names.map((name) =>
      asUser(name, async (read) => {
        const { firewall } = await read.facts(alias)
        const whole = await read.firewall(alias).then(
          ({ active }) => active,
          ({ code, likely }) => `${code}: ${likely}`,
        )
        return [name, firewall, whole]
      }),
    ),
  )
  expect(seen).toEqual(
    names.map((name) => {
      const refused = written[name]?.[1]
      return refused === undefined
        ? [name, { active: true }, true]
        : [name, { unknown: expect.stringContaining(refused) }, expect.stringContaining(`ssh-sudo: ${refused}`)]
    }),
  )
})

test.runIf(process.getuid?.() === 0)(
  'lines to be pasted work where root has no sudo and the alias runs a command in a terminal',
  async () => {
    const kept = file(world, '')
    const ufw = `#!/bin/sh\ncase "$*" in 'status verbose') echo 'Default: deny (incoming), allow (outgoing), disabled (routed)' ;; 'show added') cat ${kept} ;; *) echo "ufw $*" >> ${kept} ;; esac\n`
    const own = users({}, 'root ALL=(ALL:ALL) ALL\n')
    const program = file(world, ufw)
    execFileSync('chmod', ['755', program])
    await world.serve(alias, [], { ...own, [installed('ufw', 'ufw')]: program, [installed('sudo', 'sudo')]: file(world, '') })
    const configFile = config(world, `Host ${alias}\n  RemoteCommand tmux\n  RequestTTY force`)
    const typed = (lines: readonly string[]) => execFileSync('/bin/sh', ['-euc', lines.join('\n')], { encoding: 'utf8', stdio: 'pipe' })
    expect(() => typed([`ssh -F ${configFile} ${alias} true`])).toThrow('Cannot execute command-line and remote command')
    const nodes = nodesSystem({ configFile, clock: systemClock })
    try {
      await nodes.read.firewall(alias)
      typed([nodes.say.allowFrom(alias, { source: '192.0.2.0/24', port: 443, protocol: 'tcp', comment: 'cloudflare' }).line].flat())
      expect(readFileSync(kept, 'utf8')).toMatch(/^ufw allow .*192\.0\.2\.0\/24/)
      const firewall = await nodes.read.firewall(alias)
      const { rules } = firewall
      // What a report tells to type: as the lines of a plan.
      const shut = judge({ ...firewall, active: false, ssh: { client: '203.0.113.7', port: 2222 } }, { ipv4: [], ipv6: [] })
      const survey = { published: { because: '' }, lists: { value: [] }, nodes: new Map([[alias, { value: shut }]]) }
      const { next } = firewallFindings(survey).find(({ text }) => text.includes('inactive')) ?? {}
      typed([`ssh() { command ssh -F ${configFile} "$@"; }`, next ?? 'false'])
      expect(readFileSync(kept, 'utf8')).toContain('ufw allow 2222/tcp')
      const shows = (there: readonly string[]) => nodes.prove?.rules(alias, { there }) ?? { before: [], lines: ['false'] }
      const { before = [], lines } = shows(rules.map(({ spec }) => spec))
      expect(rules).toHaveLength(1)
      typed([...before, ...lines])
      expect(() => typed([...before, ...shows(['allow 22/tcp']).lines])).toThrow()
    } finally {
      await nodes.close()
    }
  },
)
