import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { Trouble } from '../../../src/lib/errors.ts'
import { isOwnName } from '../../../src/lib/own-name.ts'
import { type NodesSandbox, startNodes } from '../../../src/lib/sandbox/nodes/nodes.ts'
import { nodesSystem } from '../../../src/lib/systems/nodes/nodes.ts'

const dir = mkdtempSync(join(tmpdir(), 'as-it-is-'))
const alias = 'hetzner1'
let nodes: NodesSandbox
const opened: { close(): Promise<void> }[] = []
beforeAll(async () => {
  nodes = await startNodes({ dir, speed: { bootMs: 100, k3sMs: 20 } })
})
beforeEach(() => nodes.reset())
afterEach(async () => {
  await Promise.all(opened.splice(0).map((system) => system.close()))
})
afterAll(async () => {
  await nodes.stop()
  rmSync(dir, { recursive: true })
})

const open = ({ user, hostnames }: { readonly user?: string; readonly hostnames?: ReadonlyMap<string, string> } = {}) => {
  const configFile = join(dir, 'config')
  writeFileSync(configFile, `Host *\n  User ${user ?? 'root'}\n  Include "${nodes.configFile}"\n`)
  const system = nodesSystem({ configFile, clock: systemClock, ...(hostnames && { hostnames }) })
  opened.push(system)
  return system
}
const state = (file: string, text: string) => nodes.node(alias).state.write(file, text)
const troubleOf = (asked: Promise<unknown>) =>
  asked.then(
    () => undefined,
    (error: unknown) => (error instanceof Trouble ? error : Promise.reject(error)),
  )
const book = new Map([
  ['hetzner1', 'ubuntu-8gb-nbg1-2'],
  ['hetzner2', 'ubuntu-8gb-nbg1-1'],
])

test.each([
  ['a line', 'echo Welcome'],
  ['no line break at its end', 'printf Welcome'],
  ['what could be an answer', "echo 7; echo 'open 9'; echo 'hostname other'; echo 'rule allow 22'; echo 'Status: inactive'"],
  ['words on both streams, and its input read', 'echo out; echo stdin: is not a tty >&2; read -r line; cat'],
  ['a page', 'yes 漢字かな | head -n 5000'],
  [
    'a language and a field separator of its own',
    'LANG=fr_FR.UTF-8 LC_ALL=de_DE.UTF-8 LANGUAGE=fr IFS=:; export LANG LC_ALL LANGUAGE IFS; TMOUT=1; export TMOUT',
  ],
])('a login shell that prints %s changes no answer', async (_, startup) => {
  state('login/startup', startup)
  state('peers443', '198.51.100.7 4711\n198.51.100.8 4712\n')
  const { read } = open({ hostnames: book })
  const [facts, firewall, connections] = await Promise.all([read.facts(alias), read.firewall(alias), read.connections(alias, 443)])
  expect(facts).toMatchObject({ hostname: 'ubuntu-8gb-nbg1-2', firewall: { active: true }, k3sService: 'active' })
  expect(firewall).toMatchObject({ active: true, incoming: 'deny' })
  expect(firewall.rules.length).toBe(23)
  expect(connections).toBe(2)
})

test.each([
  [
    'printed',
    `echo 'Please login as the user "debian" rather than the user "root".'; exit 142`,
    /exit 142\): Please login as the user "debian"/,
  ],
  [
    'wrote on its error stream',
    'echo motd; echo This account is currently not available. >&2; exit 1',
    /exit 1\): This account is currently not available/,
  ],
  ['printed, ending well', 'echo only backups here', /exit 0\): only backups here/],
  ['printed nothing', 'exit 3', /exit 3\) and said nothing/],
])('an account that runs something else is told by what it %s', async (_, forced, cause) => {
  state('login/forced', forced)
  const { read } = open()
  for (const asking of [() => read.facts(alias), () => read.firewall(alias), () => read.connections(alias, 443)])
    expect((await troubleOf(asking()))?.likely).toMatch(cause)
})

test('a machine without ss has no number of connections, not none', async () => {
  state('login/startup', `ss() { :; }; PATH=${dir}:$PATH`)
  writeFileSync(join(dir, 'ss'), '#!/bin/sh\necho "sh: 1: ss: not found" >&2\nexit 127\n', { mode: 0o755 })
  expect(await troubleOf(open().read.connections(alias, 443))).toMatchObject({ code: 'ssh-command', likely: 'sh: 1: ss: not found' })
})

test('root needs no sudo', async () => {
  writeFileSync(join(dir, 'sudo'), '#!/bin/sh\necho "sh: 1: sudo: not found" >&2\nexit 127\n', { mode: 0o755 })
  state('login/startup', `PATH=${dir}:$PATH`)
  const { read, write } = open()
  expect(await read.facts(alias)).toMatchObject({ firewall: { active: true } })
  expect((await read.firewall(alias)).active).toBe(true)
  await write.deleteRule(alias, { spec: 'allow from 203.0.113.9 to any port 443 proto tcp' })
  rmSync(join(dir, 'sudo'))
})

test.each(['free unresolved', 'ufw', 'ufw unresolved'])('sudo that allows enough is enough: %s', async (rights) => {
  state('sudo', `${rights}\n`)
  const { read, write } = open({ user: 'op' })
  expect(await read.facts(alias)).toMatchObject({ firewall: { active: true } })
  expect((await read.firewall(alias)).active).toBe(true)
  await write.deleteRule(alias, { spec: 'allow from 203.0.113.9 to any port 443 proto tcp' })
})

test.each([
  ['password', 'sudo: a password is required'],
  ['password unresolved', 'sudo: a password is required'],
  ['tty', 'sudo: sorry, you must have a tty to run sudo'],
])('what sudo says is the cause: %s', async (rights, words) => {
  state('sudo', `${rights}\n`)
  const { read, write } = open({ user: 'op' })
  expect((await read.facts(alias)).firewall).toEqual({ unknown: words })
  expect(await troubleOf(read.firewall(alias))).toMatchObject({
    code: 'ssh-sudo',
    likely: words,
    details: [expect.stringContaining('op ALL=(root) NOPASSWD: /usr/sbin/ufw'), expect.stringContaining('!requiretty')],
  })
  expect(await troubleOf(write.deleteRule(alias, { spec: 'allow 443/tcp' }))).toMatchObject({ code: 'ufw-refused', likely: words })
})

test('which boot a node is in, since when, and who may not end it', async () => {
  const id = nodes.node(alias).boot()
  const { read } = open({ user: 'op' })
  expect(await read.boot(alias)).toEqual({ id, ageSeconds: expect.closeTo(30 * 86_400, -2) })
  state('sudo', 'ufw\n')
  expect(await read.boot(alias)).toMatchObject({ id, refused: 'sudo: a password is required' })
  expect(await open().read.boot(alias)).not.toHaveProperty('refused')
})

test('a reboot that cuts the connection off is no failure, and the next boot is another', async () => {
  const { read, write } = open()
  const { id } = await read.boot(alias)
  await write.reboot(alias)
  await expect.poll(() => read.boot(alias).catch(() => undefined), { timeout: 10_000 }).toMatchObject({ ageSeconds: expect.closeTo(0, -1) })
  expect((await read.boot(alias)).id).not.toBe(id)
})

test('a machine that may not be rebooted by who is signed in is not, in sudo’s words', async () => {
  state('sudo', 'password\n')
  const id = nodes.node(alias).boot()
  expect(await troubleOf(open({ user: 'op' }).write.reboot(alias))).toMatchObject({
    code: 'node-refused',
    likely: 'sudo: a password is required',
  })
  expect(nodes.node(alias).boot()).toBe(id)
})

test('nothing is read of, or written to, a machine that calls itself otherwise', async () => {
  state('hostname', 'ubuntu-8gb-nbg1-1\n')
  const before = nodes.node(alias).state.read('ufw/rules4')
  const { read, write } = open({ hostnames: book })
  const swapped = { code: 'ssh-other-machine', likely: 'what answers there is ubuntu-8gb-nbg1-1 (hetzner2), not ubuntu-8gb-nbg1-2' }
  expect(await troubleOf(read.firewall(alias))).toMatchObject(swapped)
  expect(await troubleOf(read.connections(alias, 443))).toMatchObject(swapped)
  expect(await troubleOf(write.deleteRule(alias, { spec: 'allow from 173.245.48.0/20 to any port 443 proto tcp' }))).toMatchObject(swapped)
  const rule = { source: '203.0.113.7', port: 443, protocol: 'tcp', comment: 'x' } as const
  expect(await troubleOf(write.allowFrom(alias, rule))).toMatchObject(swapped)
  expect(nodes.node(alias).state.read('ufw/rules4')).toBe(before)
  state('hostname', 'Ubuntu-8GB-nbg1-2.example.org\n')
  await write.allowFrom(alias, rule)
  expect(nodes.node(alias).state.read('ufw/rules4')).toContain('203.0.113.7')
})

test('a name is compared as Kubernetes writes it', () => {
  expect(isOwnName('Ubuntu-8GB-nbg1-2', 'ubuntu-8gb-nbg1-2')).toBe(true)
  expect(isOwnName('web.example.org', 'WEB')).toBe(true)
  expect(isOwnName('web', 'web.example.org')).toBe(false)
  expect(isOwnName('', 'web')).toBe(false)
})
