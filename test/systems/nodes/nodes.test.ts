import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Unreachable } from '../../../src/lib/errors.ts'
import { type NodesSandbox, startNodes } from '../../../src/lib/sandbox/nodes/nodes.ts'
import { word } from '../../../src/lib/shell.ts'
import { connector } from '../../../src/lib/systems/nodes/connect.ts'
import type { Connection } from '../../../src/lib/systems/nodes/connection.ts'
import { readUptime } from '../../../src/lib/systems/nodes/facts.ts'
import { nodesSystem } from '../../../src/lib/systems/nodes/nodes.ts'
import { resolveAlias } from '../../../src/lib/systems/nodes/resolve.ts'
import { openBlackhole } from '../../support/blackhole.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const dir = mkdtempSync(join(tmpdir(), 'ssh nodes-'))
let nodes: NodesSandbox
let known: string
const opened: { close(): Promise<void> }[] = []

beforeAll(async () => {
  nodes = await startNodes({ dir })
  known = readFileSync(nodes.knownHostsFile, 'utf8')
})
beforeEach(() => nodes.reset())
afterEach(async () => {
  writeFileSync(nodes.knownHostsFile, known)
  await Promise.all(opened.splice(0).map((system) => system.close()))
})
afterAll(async () => {
  await nodes.stop()
  rmSync(dir, { recursive: true })
})

const open = (configFile = nodes.configFile, signal?: AbortSignal) => {
  const system = nodesSystem({ configFile, clock: systemClock, ...(signal ? { signal } : {}) })
  opened.push(system)
  return system.read
}
const connect = (alias: string, configFile = nodes.configFile): Promise<Connection> => {
  const connections = connector({ configFile })
  opened.push(connections)
  return connections.to(alias)
}
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => ({ code: 'accepted', likely: '', next: '' }),
    ({ code, likely, next }: Unreachable) => ({ code, likely, next }),
  )
const rewriteKnown = (change: (line: string) => string) =>
  writeFileSync(
    nodes.knownHostsFile,
    known
      .split('\n')
      .map((line) => (line ? change(line) : line))
      .join('\n'),
  )
/** A configuration of its own; `Host` blocks are written before the sandbox's, so that theirs win. */
const config = (text: string) => {
  const file = join(dir, `config-${Math.random().toString(36).slice(2)}`)
  writeFileSync(file, `${text}\nHost *\n  Include "${nodes.configFile}"\n`)
  return file
}

test('a node that is not even looked up yet holds up nobody else', async () => {
  const read = open(config('Match host hetzner2 exec "sleep 2"\n'))
  let lookedUp = false
  const setup = read.setup('hetzner2').then(() => {
    lookedUp = true
  })
  const facts = read.facts('hetzner2')
  await read.underWay()
  expect(lookedUp).toBe(false)
  await setup
  expect((await facts).alias).toBe('hetzner2')
})

test('facts of a node come in one round trip, its own hostname among them', async () => {
  nodes.node('hetzner2').state.setRebootRequired(true)
  nodes.node('hetzner2').state.write('clock-synchronized', 'no\n')
  const facts = await open().facts('hetzner2')
  expect(facts).toMatchObject({
    alias: 'hetzner2',
    hostname: 'ubuntu-8gb-nbg1-1',
    k3sVersion: 'v1.34.6+k3s1',
    k3sService: 'active',
    firewall: { active: true },
    rebootRequired: true,
    clock: { synchronized: false },
  })
  expect(facts.memory?.totalBytes).toBeGreaterThan(facts.memory?.availableBytes ?? Number.POSITIVE_INFINITY)
  expect(facts.disk?.totalBytes).toBeGreaterThan(0)
  expect(facts.uptimeSeconds).toBeGreaterThan(0)
  expect(facts.cpus).toBeGreaterThan(0)
})

test('what a node will not say is said so: k3s stopped', async () => {
  nodes.node('hetzner1').state.write('services/k3s', 'failed\n')
  expect(await open().facts('hetzner1')).toMatchObject({ firewall: { active: true }, k3sService: 'failed', rebootRequired: false })
})

test('uptime is read as procps prints it at every age', () => {
  const seconds = (text: string) => readUptime(text).uptimeSeconds
  expect(seconds(' 00:31:00 up 14 min,  0 user,  load average: 0.14, 0.20, 0.16')).toBe(14 * 60)
  expect(seconds(' 00:31:00 up  1:05,  2 users,  load average: 0.14, 0.20, 0.16')).toBe(3900)
  expect(seconds(' 00:31:00 up 3 days,  4:05,  2 users,  load average: 0.14, 0.20, 0.16')).toBe(3 * 86_400 + 4 * 3600 + 300)
  expect(seconds(' 00:31:00 up 1 day, 14 min,  2 users,  load average: 0.14, 0.20, 0.16')).toBe(86_400 + 840)
  expect(readUptime('up 1 day, load averages: 1.50 2.00 3.25').load).toEqual([1.5, 2, 3.25])
})

test('a key that known_hosts does not have, or has otherwise, or revokes, is refused with its fingerprint and the line', async () => {
  await nodes.fail('hetzner1', 'changed-host-key')
  const changed = await refusal(open().facts('hetzner1'))
  expect(changed.code).toBe('ssh-changed-host-key')
  expect(changed.likely).toMatch(/offers ssh-ed25519 SHA256:\S{43}, but .*known_hosts:1 has SHA256:\S{43}/)
  expect(changed.next).toContain(`ssh-keygen -R 178.104.247.152 -f ${word(nodes.knownHostsFile)}`)
  await nodes.reset()

  writeFileSync(nodes.knownHostsFile, '')
  expect((await refusal(open().facts('hetzner1'))).code).toBe('ssh-unknown-host-key')
  rewriteKnown((line) => `@revoked ${line}`)
  expect(await refusal(open().facts('hetzner3'))).toMatchObject({
    code: 'ssh-revoked-host-key',
    likely: expect.stringContaining('known_hosts:3'),
  })
  rewriteKnown((line) => `@cert-authority ${line}`)
  expect(await refusal(open().facts('hetzner1'))).toMatchObject({
    code: 'ssh-refused',
    likely: expect.stringContaining('Host key verification failed'),
  })
  expect(readFileSync(nodes.knownHostsFile, 'utf8')).toContain('@cert-authority')
})

test('hashed names, patterns and several files are found', async () => {
  execFileSync('ssh-keygen', ['-q', '-H', '-f', nodes.knownHostsFile], { stdio: 'ignore' })
  rmSync(`${nodes.knownHostsFile}.old`, { force: true })
  expect(readFileSync(nodes.knownHostsFile, 'utf8')).not.toContain('178.104.247.152')
  expect((await open().facts('hetzner1')).hostname).toBe('ubuntu-8gb-nbg1-2')
  const patterns = join(tmpdir(), `known-${process.pid}`)
  writeFileSync(patterns, known.replaceAll(/^(\d+)\.(\d+)\.\S+/gm, '!10.0.0.1,$1.$2.*'))
  writeFileSync(nodes.knownHostsFile, '')
  const file = config(`Host hetzner2\n  UserKnownHostsFile /nonexistent ${patterns}`)
  expect((await open(file).facts('hetzner2')).hostname).toBe('ubuntu-8gb-nbg1-1')
  rmSync(patterns)
})

test('every hop of a ProxyJump chain is used and verified', async () => {
  const { port } = nodes.node('hetzner3')
  const file = config(
    `Host hetzner3\n  ProxyJump hetzner1,admin@hetzner2\nMatch host inner exec "true"\n  HostName localhost\n  Port ${port}\n  HostKeyAlias 178.104.249.189\n  ProxyJump hetzner1`,
  )
  expect((await open(file).facts('hetzner3')).hostname).toBe('ubuntu-8gb-nbg1-3')
  await nodes.fail('hetzner2', 'changed-host-key')
  expect((await refusal(open(file).facts('hetzner3'))).code).toBe('ssh-changed-host-key')
  expect((await resolveAlias('inner', { configFile: file })).proxyJump).toBe('hetzner1')
  expect((await refusal(open(config('Host a\n  ProxyJump b\nHost b\n  ProxyJump a')).facts('a'))).code).toBe('ssh-config')
})

test('a ProxyCommand is used, its tokens replaced', async () => {
  const file = config(`Host hetzner2\n  ProxyCommand ssh -F "${nodes.configFile}" -W %h:%p hetzner1`)
  expect((await open(file).facts('hetzner2')).hostname).toBe('ubuntu-8gb-nbg1-1')
})

test('an encrypted key needs the agent, and the error names ssh-add; with the agent it works', async () => {
  const locked = join(tmpdir(), `locked-${process.pid}`)
  writeFileSync(locked, readFileSync(nodes.identityFile), { mode: 0o600 })
  execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'geheim', '-f', locked], { stdio: 'ignore' })
  const without = config(
    `Host hetzner1\n  IdentityFile ${locked}\n  IdentitiesOnly yes\n  IdentityAgent none\n  HostName 127.0.0.1\n  Port ${nodes.node('hetzner1').port}\n  User root\n  HostKeyAlias 178.104.247.152\n  UserKnownHostsFile "${nodes.knownHostsFile}"`,
  )
  writeFileSync(without, readFileSync(without, 'utf8').replace(/\nHost \*[\s\S]*$/, '\n'))
  expect(await refusal(open(without).facts('hetzner1'))).toMatchObject({
    code: 'ssh-auth',
    likely: expect.stringContaining('is encrypted and there is no SSH agent'),
    next: `ssh-add ${locked}`,
  })

  const socket = join(tmpdir(), `agent-${process.pid}`)
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    await new Promise((resolve) => agent.stdout.once('data', resolve))
    execFileSync('ssh-add', ['-q', nodes.identityFile], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
    writeFileSync(without, readFileSync(without, 'utf8').replace('IdentityAgent none', `IdentityAgent ${socket}`))
    expect((await open(without).facts('hetzner1')).hostname).toBe('ubuntu-8gb-nbg1-2')
  } finally {
    agent.kill()
    rmSync(locked)
  }
})

test('each way a node can fail has its code, and none hangs', async () => {
  const quick = config('Host hetzner*\n  ConnectTimeout 1')
  await nodes.setUp('hetzner1', false)
  await nodes.fail('hetzner2', 'silent')
  await nodes.fail('hetzner3', 'dies-mid-command')
  const read = open(quick)
  const codes = await Promise.all(
    ['hetzner1', 'hetzner2', 'hetzner3', 'no-such-host.invalid'].map(async (alias) => (await refusal(read.facts(alias))).code),
  )
  expect(codes).toEqual(['ssh-unreachable', 'ssh-timeout', 'ssh-lost', 'ssh-alias-unknown'])
  await nodes.fail('hetzner3', 'no-sessions')
  expect((await refusal(read.facts('hetzner3'))).code).toBe('ssh-no-session')
  await nodes.reset()
  expect((await read.facts('hetzner3')).hostname).toBe('ubuntu-8gb-nbg1-3')
})

test('a machine that is gone, at which a connection neither opens nor is refused, costs its ConnectTimeout', async () => {
  const blackhole = await openBlackhole()
  try {
    const connections = connector({
      configFile: config(`Host hetzner2\n  Port ${blackhole.port}\n  ConnectTimeout 1\n`),
      signal: new AbortController().signal,
    })
    opened.push(connections)
    const since = performance.now()
    const told = refusal(connections.to('hetzner2'))
    // What nobody holds is collected meanwhile, the limit must not be.
    const collecting = setInterval(collect, 100)
    onTestFinished(() => clearInterval(collecting))
    expect(await told).toMatchObject({ code: 'ssh-timeout', likely: expect.stringContaining('1 s') })
    expect(performance.now() - since).toBeLessThan(15_000)
  } finally {
    blackhole.close()
  }
})

test.each([
  ['among others that were quick, half of its patience', ['hetzner1', 'hetzner2'], 'said nothing for 4 s'],
  ['alone, all of it', ['hetzner2'], 'said nothing for 8 s'],
])('a node that accepts and says nothing costs, %s', async (_, asked, said) => {
  const mute = createServer((socket) => void socket.on('error', () => {}))
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void mute.close())
  const { port } = mute.address() as AddressInfo
  // However busy this machine is.
  const connections = connector({ configFile: config(`Host hetzner2\n  Port ${port}\n`), quickMs: 3900 })
  opened.push(connections)
  const all = await Promise.allSettled(asked.map((alias) => connections.to(alias)))
  expect(all.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'ssh-timeout', likely: expect.stringContaining(said) } })
})

test('a ConnectTimeout of the configuration holds among others that were quick', async () => {
  const mute = createServer((socket) => void socket.on('error', () => {}))
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void mute.close())
  const { port } = mute.address() as AddressInfo
  const connections = connector({ configFile: config(`Host hetzner2\n  Port ${port}\n  ConnectTimeout 5\n`) })
  opened.push(connections)
  const [, told] = await Promise.all([connections.to('hetzner1'), refusal(connections.to('hetzner2'))])
  expect(told).toMatchObject({ code: 'ssh-timeout', likely: 'it accepted the connection and said nothing for 5 s' })
})

test('a node that is silent costs its patience once in a run; one that refuses is tried again', async () => {
  let taken = 0
  const mute = createServer((socket) => {
    taken += 1
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  const { port } = mute.address() as AddressInfo
  try {
    const connections = connector({ configFile: config(`Host hetzner2\n  Port ${port}\n  ConnectTimeout 1\n`) })
    opened.push(connections)
    const told = await refusal(connections.to('hetzner2'))
    expect(told).toMatchObject({ code: 'ssh-timeout', likely: 'it accepted the connection and said nothing for 1 s' })
    expect(await refusal(connections.to('hetzner2'))).toEqual(told)
    expect(taken).toBe(1)
  } finally {
    mute.close()
  }
  const named = createServer((socket) => void socket.on('error', () => {}).write('SSH-2.0-OpenSSH_9.6\r\n'))
  await new Promise<void>((resolve) => named.listen(0, '127.0.0.1', resolve))
  try {
    const { port: at } = named.address() as AddressInfo
    const slow = connector({ configFile: config(`Host hetzner2\n  Port ${at}\n  ConnectTimeout 1\n`) })
    opened.push(slow)
    expect(await refusal(slow.to('hetzner2'))).toMatchObject({
      code: 'ssh-timeout',
      likely: 'it began to answer, and had let nobody in after 1 s',
    })
  } finally {
    named.close()
  }
  expect(await resolveAlias('hetzner2', { configFile: nodes.configFile })).toMatchObject({ firstWordMs: 8000, patienceMs: 10_000 })
  const byCommand = config('Host hetzner2\n  ProxyCommand true\n')
  expect(await resolveAlias('hetzner2', { configFile: byCommand })).toMatchObject({ firstWordMs: 15_000, patienceMs: 15_000 })
  const connections = connector({ configFile: nodes.configFile })
  opened.push(connections)
  await nodes.setUp('hetzner3', false)
  expect((await refusal(connections.to('hetzner3'))).code).toBe('ssh-unreachable')
  await nodes.setUp('hetzner3', true)
  expect((await refusal(connections.to('hetzner3'))).code).toBe('accepted')
})

test('commands: bytes across chunks stay whole, exit codes and signals arrive, timeouts and aborts settle', async () => {
  const connection = await connect('hetzner1')
  const run = (command: string, timeoutMs = 10_000, signal?: AbortSignal) =>
    connection.run(command, { timeoutMs, ...(signal ? { signal } : {}) })
  const text = 'x漢字かな'.repeat(30_000)
  const file = join(dir, 'cjk')
  writeFileSync(file, text)
  expect((await run(`cat '${file}'`)).stdout === text).toBe(true)
  expect(await run('echo no >&2; exit 3')).toMatchObject({ code: 3, stderr: 'no\n' })
  expect(await run('kill -TERM $$')).toMatchObject({ signal: expect.stringMatching(/TERM/) })
  expect((await refusal(run('sleep 30', 200))).code).toBe('ssh-timeout')
  await expect(run('sleep 30', 10_000, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop')
  const many = await Promise.all(Array.from({ length: 20 }, (_, n) => run(`echo ${n}`)))
  expect(many.map(({ stdout }) => Number(stdout))).toEqual(Array.from({ length: 20 }, (_, n) => n))
})

test('a tunnel carries bytes to a port of the node, and says when nothing listens', async () => {
  const read = open()
  const { port } = nodes.node('hetzner2')
  const tunnel = await read.forward('hetzner1', { host: '127.0.0.1', port })
  const banner = await new Promise((resolve) => tunnel.once('data', (chunk: Buffer) => resolve(chunk.toString())))
  tunnel.destroy()
  expect(banner).toContain('SSH-2.0-')
  expect((await refusal(read.forward('hetzner1', { host: '192.0.2.1', port: 6379 }))).code).toBe('ssh-forward-refused')
})

test('an alias is never taken for an option of ssh', async () => {
  expect((await refusal(open().facts('-oProxyCommand=touch /tmp/no'))).code).toMatch(/^ssh-/)
})
