import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { Trouble } from '../../../src/lib/errors.ts'
import { coversPort, readRule } from '../../../src/lib/firewall-rule.ts'
import { type NodesSandbox, startNodes } from '../../../src/lib/sandbox/nodes/nodes.ts'
import { readFirewall } from '../../../src/lib/systems/nodes/firewall.ts'
import { nodesSystem } from '../../../src/lib/systems/nodes/nodes.ts'
import { sayNodes } from '../../../src/lib/systems/nodes/say-nodes.ts'

const dir = mkdtempSync(join(tmpdir(), 'firewall-'))
const alias = 'hetzner2'
let nodes: NodesSandbox
let system: ReturnType<typeof nodesSystem>
beforeAll(async () => {
  nodes = await startNodes({ dir })
  system = nodesSystem({ configFile: nodes.configFile, clock: systemClock })
})
beforeEach(() => nodes.reset())
afterAll(async () => {
  await system.close()
  await nodes.stop()
  rmSync(dir, { recursive: true })
})

const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'none',
    (error: unknown) => (error instanceof Trouble ? error.code : String(error)),
  )
const specs = async () => (await system.read.firewall(alias)).rules.map(({ spec, comment }) => `${spec}${comment ? ` # ${comment}` : ''}`)

test.each([
  ['allow 22/tcp', { action: 'allow', from: 'any', port: '22', protocol: 'tcp', known: true }],
  [
    "allow from 173.245.48.0/20 to any port 443 proto tcp comment 'Cloudflare edge'",
    { from: '173.245.48.0/20', to: 'any', port: '443', protocol: 'tcp', comment: 'Cloudflare edge', known: true },
  ],
  ['allow from 2400:cb00::/32 to any port 80,443 proto tcp', { from: '2400:cb00::/32', port: '80,443', known: true }],
  ['deny out 25', { action: 'deny', direction: 'out', port: '25', known: true }],
  ['allow from 10.42.0.0/16', { from: '10.42.0.0/16', port: 'any', known: true }],
  ["allow 'Nginx Full'", { profile: 'Nginx Full', known: false }],
  ['allow in on flannel.1 to any port 10250 proto tcp', { port: '10250', interface: 'flannel.1', known: true }],
  ['route allow in on cni0 out on eth0', { routed: true, known: true }],
  ['allow from 192.0.2.1 port 443 to any', { from: '192.0.2.1', port: 'any', sourcePort: '443' }],
  ['allow log-all 5000/tcp', { port: '5000', known: true }],
  ['allow from 1.1.1.1 proto esp', { protocol: 'esp', known: true }],
  ['allow from $(id) to any port 443 proto tcp', { known: false }],
])('reads %s', (line, rule) => {
  expect(readRule(line)).toMatchObject({ ...rule, spec: line.replace(/ comment '.*/, '') })
})

test.each([
  ['allow 443', true],
  ['allow 80,443/tcp', true],
  ['allow 400:500/tcp', true],
  ['allow 443/udp', false],
  ['allow 22/tcp', false],
  ['allow from 192.0.2.1', true],
  ['deny out 443', false],
  ["allow 'Nginx Full'", true],
])('%s speaks of 443: %s', (line, covers) => {
  expect(coversPort(readRule(line), 443)).toBe(covers)
})

test.each([
  'Voreinstellung: deny (eingehend), allow (abgehend), disabled (gesendet)',
  'Предварительно : deny (входящие), allow (исходящие), disabled (маршрутизируемые)',
])('the policy is read by its form: %s', (line) => {
  expect(readFirewall(`status État : actif\nstatus ${line}\n`)).toMatchObject({ active: true, incoming: 'deny' })
  expect(readFirewall('status Состояние: неактивен\n')).toMatchObject({ active: false, incoming: 'unknown' })
})

test('rules are added with their comment and deleted by specification; again changes nothing', async () => {
  const before = await specs()
  const rule = { source: '198.51.100.0/24', port: 443, protocol: 'tcp' } as const
  await system.write.allowFrom(alias, { ...rule, comment: 'cloudflare' })
  await system.write.allowFrom(alias, { ...rule, comment: 'cloudflare' })
  const spec = 'allow from 198.51.100.0/24 to any port 443 proto tcp'
  const after = await specs()
  expect(after.filter((one) => !before.includes(one))).toEqual([`${spec} # cloudflare`])
  expect(after).toHaveLength(before.length + 1)
  await system.write.deleteRule(alias, { spec })
  await system.write.deleteRule(alias, { spec })
  expect(await specs()).toEqual(before)
})

test('the state and the policy are read, and the rules of an inactive UFW too', async () => {
  expect(await system.read.firewall(alias)).toMatchObject({ active: true, incoming: 'deny' })
  nodes.node(alias).state.write('ufw/enabled', 'no\n')
  const inactive = await system.read.firewall(alias)
  expect([inactive.active, inactive.rules.length > 0]).toEqual([false, true])
})

test('nothing but a rule reaches the shell of a node', async () => {
  const odd = { source: '1.1.1.1; touch /tmp/no', port: 443, protocol: 'tcp', comment: 'x' } as const
  expect(await codeOf(system.write.allowFrom(alias, odd))).toBe('ufw-odd-rule')
  expect(await codeOf(system.write.allowFrom(alias, { ...odd, source: '1.1.1.1', comment: "it's" }))).toBe('ufw-odd-rule')
  expect(await codeOf(system.write.deleteRule(alias, { spec: 'allow from any; sh to any port 443 proto tcp' }))).toMatch(/^ufw-/)
})

test.each([
  'allow 22/tcp',
  'allow ssh',
  'allow 20:30/tcp',
  'allow from 192.0.2.1',
  "allow 'OpenSSH'",
  'allow 2222/tcp',
  'allow 6443',
  'allow 443:8443/tcp',
  'allow from any',
  'route allow 443',
])('SSH stays: %s is not deleted', async (spec) => {
  const before = await specs()
  expect(await codeOf(system.write.deleteRule(alias, { spec }))).toBe('ufw-ssh-rule')
  expect(await specs()).toEqual(before)
})

test('the manual lines are what is run, through ssh, where the machine is the one that is meant', () => {
  const rule = { source: '104.16.0.0/13', port: 443, protocol: 'tcp', comment: 'cloudflare' } as const
  const say = sayNodes({ hostnames: new Map([[alias, 'ubuntu-8gb-nbg1-1']]) })
  expect(say.allowFrom(alias, rule).line).toBe(
    `ssh hetzner2 'own=$(hostname | tr A-Z a-z | cut -d. -f1); test "$own" = ubuntu-8gb-nbg1-1 && sudo ufw allow from 104.16.0.0/13 to any port 443 proto tcp comment cloudflare'`,
  )
  expect(sayNodes({ configFile: '/a b/config' }).deleteRule(alias, { spec: "allow from 10.0.0.1 app 'Nginx Full'" }).line).toBe(
    String.raw`ssh -F '/a b/config' hetzner2 'sudo ufw delete allow from 10.0.0.1 app '\''Nginx Full'\'''`,
  )
})
