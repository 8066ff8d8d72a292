import { expect, test } from 'vitest'
import { keptOut } from '../../../src/lib/facts/firewall/believable.ts'
import { judge } from '../../../src/lib/facts/firewall/judge.ts'
import { differenceOf } from '../../../src/lib/facts/firewall/lists.ts'
import { readBeforeRow, readRule } from '../../../src/lib/firewall-rule.ts'
import { firewallFindings } from '../../../src/lib/reports/firewall/findings.ts'
import type { Firewall } from '../../../src/lib/systems/nodes/types.ts'

const published = { ipv4: ['173.245.48.0/20', '104.16.0.0/13'], ipv6: ['2400:cb00::/32'] }
const profiles = new Map([
  ['Nginx Full', ['80,443/tcp']],
  ['WWW Secure', ['443/tcp']],
  ['OpenSSH', ['22/tcp']],
  ['DNS', ['53']],
])
const from = (range: string, comment = 'cloudflare') =>
  `allow from ${range} to any port 443 proto tcp${comment ? ` comment '${comment}'` : ''}`
const firewall = (...lines: readonly string[]): Firewall => ({
  active: true,
  incoming: 'deny',
  rules: lines.map((line) => readRule(line, profiles)),
  interfaces: ['eth0'],
})
const ranges = ['173.245.48.0/20', '104.16.0.0/13', '2400:cb00::/32']
const whole = ['allow 22/tcp', ...ranges.map((range) => from(range))]
const judged = (...lines: readonly string[]) => judge(firewall(...lines), published)

const specs = (rules: readonly { readonly spec: string }[]) => rules.map(({ spec }) => spec)
const findings = (one: Firewall) =>
  firewallFindings({
    published: { value: published },
    lists: { value: [] },
    nodes: new Map([['hetzner1', { value: judge(one, published) }]]),
  })
const say = (...lines: readonly string[]) => findings(firewall(...lines)).map(({ level, text }) => `${level}: ${text}`)
const next = (...lines: readonly string[]) => findings(firewall(...lines)).map((one) => one.next)

test('a node with every range and SSH has nothing wrong', () => {
  expect(judged(...whole)).toMatchObject({ missing: [], leaning: [], stale: [], byHand: [], open: [], against: [], present: 3 })
  expect(say(...whole)).toEqual([])
})

test('a range is stale only with the comment of the others; without one it was made by hand', () => {
  const one = judged(...whole, from('192.0.2.0/24'), from('198.51.100.7', 'monitoring'), from('203.0.113.0/24', ''))
  expect(specs(one.stale)).toEqual(['allow from 192.0.2.0/24 to any port 443 proto tcp'])
  expect(one.byHand.map((rule) => rule.from)).toEqual(['198.51.100.7', '203.0.113.0/24'])
  const uncommented = judged(...whole.map((line) => line.replace(/ comment.*/, '')), from('192.0.2.0/24', ''))
  expect([uncommented.stale, uncommented.byHand.length, uncommented.comment]).toEqual([[], 1, ''])
})

test.each([
  ['both web ports', (range: string) => `allow from ${range} to any port 80,443 proto tcp`],
  ['every protocol', (range: string) => `allow from ${range} to any port 443`],
  ['a span of ports', (range: string) => `allow from ${range} to any port 400:500 proto tcp`],
  ['every port', (range: string) => `allow from ${range}`],
  ['every port of TCP', (range: string) => `allow from ${range} proto tcp`],
  ['limit', (range: string) => `limit from ${range} to any port 443 proto tcp`],
  ['a profile', (range: string) => `allow from ${range} to any app 'Nginx Full'`],
  ['the interface that leads outside', (range: string) => `allow in on eth0 from ${range} to any port 443 proto tcp`],
  [
    "the node's own address",
    (range: string) => (range.includes(':') ? from(range) : `allow from ${range} to 178.104.247.152 port 443 proto tcp`),
  ],
])('a range that is let in by %s is let in, and nothing is to be deleted', (_, shape) => {
  const lines = ['allow 22/tcp', ...ranges.map(shape)]
  expect(judged(...lines)).toMatchObject({ missing: [], leaning: [], stale: [], byHand: [], open: [], against: [], present: 3 })
  expect(say(...lines)).toEqual([])
})

test.each([
  ['by UDP alone', (range: string) => `allow from ${range} to any port 443 proto udp`],
  ['at another port', (range: string) => `allow from ${range} to any port 80 proto tcp`],
  ['on a tunnel', (range: string) => `allow in on wg0 from ${range} to any port 443 proto tcp`],
  ['to others', (range: string) => `route allow from ${range} to any port 443 proto tcp`],
  ['by the port that it comes from', (range: string) => `allow from ${range} port 443 to any`],
  [
    'at a private address',
    (range: string) => (range.includes(':') ? 'allow 22/tcp' : `allow from ${range} to 10.0.0.1 port 443 proto tcp`),
  ],
  [
    'by halves',
    (range: string) => (range.includes(':') ? 'allow from 2400:cb00::/33' : `allow from ${range.replace(/\/\d+/, '/24')} to any port 443`),
  ],
])('a range that is let in %s is not let in', (_, shape) => {
  expect(judged('allow 22/tcp', ...ranges.map(shape)).missing).toEqual(ranges)
})

test('halves make a whole, a supernet too, and it is told as what it is', () => {
  const halves = ['allow from 173.245.48.0/21 to any port 443', 'allow from 173.245.56.0/21 to any port 443 proto tcp']
  expect(judged(...whole.slice(2), ...halves).missing).toEqual([])
  const wide = 'allow from 173.245.0.0/16 to any port 443 proto tcp'
  expect(say('allow 22/tcp', wide, ...whole.slice(2))).toEqual([
    "warning: hetzner1 also lets in 173.245.0.0/16 at 443, which is wider than Cloudflare's ranges",
  ])
  // Cloudflare comes in by it: no line takes it away, until the range has a rule of its own.
  expect(next('allow 22/tcp', wide, ...whole.slice(2))).toEqual([undefined])
  expect(next(...whole, wide)).toEqual([`ssh hetzner1 'sudo ufw delete ${wide}'`])
})

test('the first rule that fits decides: a ban of a stranger stops nothing, one of Cloudflare does', () => {
  for (const ban of ['deny from 203.0.113.9', 'reject from 203.0.113.0/24 to any port 443 proto tcp', 'deny from 2001:db8::9', 'deny 25'])
    expect(say(ban, ...whole)).toEqual([])
  expect(say(...whole, 'deny from 104.16.0.7', 'deny 443/tcp')).toEqual([])
  const ban = 'deny from 104.16.0.7 to any port 443 proto tcp'
  expect(judged(ban, ...whole)).toMatchObject({ missing: ['104.16.0.0/13'], against: [{ spec: ban }] })
  expect(say(ban, ...whole)).toEqual([`wrong: hetzner1 keeps a part of Cloudflare out at 443: ${ban}`])
  expect(next(ban, ...whole)).toEqual([`ssh hetzner1 'sudo ufw delete ${ban}'`])
  expect(keptOut(judged(ban, ...whole))).toEqual([`its firewall keeps a part of Cloudflare out at 443: ${ban}`])
  expect(judged('deny 443/tcp', ...whole).missing).toEqual(ranges)
  expect(judged('allow from 104.16.0.7', 'deny in on wg0', ...whole).missing).toEqual([])
})

test('a rule that stands first for IPv6 alone is shown last, and its place is kept', () => {
  const rules = ['deny 443', ...whole].map((line) => readRule(line))
  const [deny, ssh, one, two, six] = rules
  if (!(deny && ssh && one && two && six)) throw new Error('five rules')
  const inOrder = { ...firewall(), rules: [one, two, deny, ssh, six] }
  expect(judge({ ...inOrder, rules6: [six, deny, ssh] }, published).missing).toEqual([])
  expect(judge({ ...inOrder, rules6: [deny, ssh, six] }, published).missing).toEqual(['2400:cb00::/32'])
})

test.each([
  ['allow 443/tcp', 'open'],
  ['allow 80/tcp', 'open'],
  ['allow 80,443/tcp', 'open'],
  ["allow 'Nginx Full'", 'open'],
  ['limit 443', 'open'],
  ['allow in on eth0 to any port 443 proto tcp', 'open'],
  // Debian's ufw 0.36.2 lets everybody in by it.
  ['allow in on eth+ to any port 443 proto tcp', 'open'],
  ['allow in on wg+ to any port 443 proto tcp', 'others'],
  ['deny from 203.0.113.9', 'others'],
  ['allow 6443', 'others'],
  ['allow 2222/tcp', 'others'],
  ['limit 8000:9000/tcp', 'others'],
  ['allow to 127.0.0.1 port 9100', 'others'],
  ['allow in on cni0', 'others'],
  ["allow 'OpenSSH'", 'others'],
  ['route allow in on eth0 out on cni0', 'others'],
  ["allow 'Something'", 'unread'],
] as const)('%s is told as %s', (line, as) => {
  expect(specs(judged(...whole, line)[as])).toContain(line)
})

test.each([
  'limit 22/tcp',
  'allow 2222/tcp',
  'allow 6443/tcp',
  'allow from 10.42.0.0/16',
  'allow from 178.104.247.152 to any port 6443 proto tcp',
  'allow 8472/udp',
  'allow out 443',
  "allow 'OpenSSH'",
  "allow 'DNS'",
  'route allow proto tcp from any to any port 443',
])('%s is nothing wrong', (line) => {
  expect(say(...whole, line)).toEqual([])
})

test('no line takes away what SSH, the cluster or Cloudflare come in by', () => {
  for (const line of [
    'allow from any',
    'allow 22,443/tcp',
    'allow 1:65535/tcp',
    'allow 443:6443/tcp',
    "allow 'Nginx Full'",
    'allow in on eth0',
  ])
    expect(next(...whole, line)).toEqual([undefined])
  expect(next(...whole, 'allow 443/tcp')).toEqual(["ssh hetzner1 'sudo ufw delete allow 443/tcp'"])
  // Open to anybody, and Cloudflare comes in by that alone: first the rules, and then the line.
  expect(next('allow 22/tcp', 'allow 443/tcp')).toEqual(['honeydue firewall:refresh --node hetzner1'])
  expect(judged('allow 22/tcp', 'allow 443/tcp')).toMatchObject({ missing: [], leaning: ranges, present: 3 })
  // SSH itself at 443, as some networks need it.
  const at443 = { ...firewall(...whole, 'allow 443/tcp'), ssh: { client: '203.0.113.77', port: 443 } }
  expect(findings(at443).map((one) => one.next)).toEqual([undefined])
})

test.each([
  ['$(touch x)', 'allow from $(touch x) to any port 443 proto tcp'],
  ['backquotes', 'allow from `id` to any port 443 proto tcp'],
  ['no address', 'allow from nowhere.example to any port 443 proto tcp'],
  ['an odd port', 'allow from 192.0.2.1 to any port 443;id proto tcp'],
])('a source with %s is not read, and no line holds it', (_, line) => {
  const one = judged(...whole, `${line} comment 'cloudflare'`)
  expect([one.stale, one.byHand, one.mayGo]).toEqual([[], [], []])
  for (const shown of next(...whole, line)) expect(shown).toBeUndefined()
})

test('a comment that no command line is to hold is not carried on', () => {
  const lines = ranges.map((range) => from(range, '$(id)'))
  expect(judged(...lines, from('192.0.2.0/24', '$(id)'))).toMatchObject({ comment: '', stale: [] })
})

test('UFW inactive: enabled only where a rule lets SSH in, from where it comes, at the port where it comes', () => {
  const off = (line: string, ssh: Firewall['ssh']) => findings({ ...firewall(line), active: false, ...(ssh && { ssh }) }).slice(0, 1)
  const here = { client: '203.0.113.77', port: 2222 }
  expect(off('allow 22/tcp', undefined)[0]?.next).toBe("ssh hetzner1 'sudo ufw enable'")
  expect(off('allow 22/tcp', here)).toEqual([
    {
      level: 'wrong',
      text: 'UFW on hetzner1 is inactive, and has no rule that lets SSH in at 2222',
      next: "ssh hetzner1 'sudo ufw allow 2222/tcp'",
    },
  ])
  for (const line of ['allow 2222', 'limit 2222/tcp', 'allow from 203.0.113.0/24', 'allow 2200:2300/tcp', 'allow from any'])
    expect(off(line, here)[0]?.next).toBe("ssh hetzner1 'sudo ufw enable'")
  for (const line of ['allow from 192.0.2.7 to any port 2222 proto tcp', 'deny 2222', 'allow 2222/udp', 'allow in on wg0'])
    expect(off(line, here)[0]?.next).toBe("ssh hetzner1 'sudo ufw allow 2222/tcp'")
})

test('a line for a node does what its SSH configuration and its sudo need', () => {
  const lines = (seen: Firewall['seen']) =>
    findings({ ...firewall(...whole, 'allow 80/tcp'), ...(seen && { seen }) }).map((one) => one.next)
  expect(lines({ options: ['-o', 'RemoteCommand=none'], lacksSudo: false })).toEqual([
    "ssh -o RemoteCommand=none hetzner1 'sudo ufw delete allow 80/tcp'",
  ])
  expect(lines({ options: [], lacksSudo: true })).toEqual(["ssh hetzner1 'ufw delete allow 80/tcp'"])
})

test('a rule for an address that the node does not have lets nobody in there', () => {
  const at = (address: string) => ({
    ...firewall(...whole.slice(0, 1), `allow to ${address} port 443 proto tcp`),
    addresses: ['178.104.247.152'],
  })
  expect(judge(at('178.104.247.152'), published).missing).toEqual(['2400:cb00::/32'])
  expect(judge(at('178.104.0.0/16'), published).missing).toEqual(['2400:cb00::/32'])
  expect(judge(at('198.51.100.200'), published).missing).toEqual(ranges)
  // A machine behind the translation of its provider has a private address alone.
  expect(judge({ ...at('10.0.0.9'), addresses: ['10.0.0.9'] }, published).missing).toEqual(['2400:cb00::/32'])
})

test('what stands before all rules in a file of UFW’s decides first, is told as what it is, and no line deletes it', () => {
  const row = (target: string, protocol: string, from: string, more: string, device = '*') =>
    `       0        0 ${target} ${protocol} -- ${device} * ${from} 0.0.0.0/0 ${more}`
  const ofFile = (...rows: readonly string[]): Firewall => {
    const { rules, ...rest } = firewall(...whole)
    return { ...rest, rules: [...rows.flatMap((one) => readBeforeRow(one, 4) ?? []), ...rules], rules6: rules }
  }
  const told = (...rows: readonly string[]) => findings(ofFile(...rows)).map(({ level, text, next: then }) => [level, text, then])
  const stock = [
    row('ACCEPT', '0', '0.0.0.0/0', '', 'lo'),
    row('ACCEPT', 'all', '0.0.0.0/0', 'ctstate RELATED,ESTABLISHED'),
    row('DROP', '0', '0.0.0.0/0', 'ctstate INVALID'),
    row('ACCEPT', 'udp', '0.0.0.0/0', 'udp spt:67 dpt:68'),
    row('ufw-not-local', '0', '0.0.0.0/0', ''),
  ]
  expect(told(...stock, row('ACCEPT', '6', '0.0.0.0/0', 'tcp dpt:8443'), row('DROP', '6', '203.0.113.9', 'tcp dpt:443'))).toEqual([])
  expect(told(row('ACCEPT', 'tcp', '0.0.0.0/0', 'tcp dpts:400:500 /* … dpt:1 */'))).toEqual([
    [
      'wrong',
      'hetzner1 is open to anybody: ACCEPT tcp dpts:400:500 in /etc/ufw/before.rules',
      expect.stringMatching(/^ssh hetzner1 .*grep -n before-input \/etc\/ufw\/before\.rules/),
    ],
  ])
  expect(told(row('DROP', '6', '173.245.48.0/24', 'multiport dports 80,443'))).toEqual([
    [
      'wrong',
      'hetzner1 keeps a part of Cloudflare out at 443: DROP tcp from 173.245.48.0/24 multiport dports 80,443 in /etc/ufw/before.rules',
      expect.stringContaining('grep -n'),
    ],
  ])
  const limited = row('ACCEPT', '6', '0.0.0.0/0', 'tcp dpt:443 limit: avg 20/sec burst 5')
  expect(told(limited, row('mine', '6', '0.0.0.0/0', 'tcp dpt:443'), row('mine', '6', '0.0.0.0/0', 'tcp dpt:22'))).toEqual([
    ['warning', 'A rule of hetzner1 cannot be judged: ACCEPT tcp dpt:443 limit: avg 20/sec burst 5 in /etc/ufw/before.rules', undefined],
    ['warning', 'A rule of hetzner1 cannot be judged: mine tcp dpt:443 in /etc/ufw/before.rules', undefined],
  ])
})

test('IPv6 that UFW leaves alone is not wanted', () => {
  const one = judge({ ...firewall(...whole.slice(0, 3)), ipv6: false }, published)
  expect([one.missing, one.present, one.wanted]).toEqual([[], 2, 2])
})

test('what is wrong is said before what was made by hand', () => {
  expect(say('allow 80/tcp', from('198.51.100.7', 'monitoring'), from('173.245.48.0/20'), from('104.16.0.0/13'))).toEqual([
    'wrong: hetzner1 is open to anybody: allow 80/tcp',
    'wrong: hetzner1 does not let in 2400:cb00::/32 of Cloudflare',
    'warning: hetzner1 also lets in 198.51.100.7 at 443',
  ])
})

test('an empty list, or none, is wrong and blames no node', () => {
  const empty = { ipv4: [], ipv6: [] }
  const nodes = new Map([['hetzner1', { value: judge(firewall(...whole), empty) }]])
  const lists = { value: [] }
  expect(firewallFindings({ published: { value: empty }, lists, nodes }).map(({ text }) => text)).toEqual([
    'What Cloudflare publishes cannot be true: the published list is empty',
  ])
  expect(firewallFindings({ published: { because: 'silence' }, lists, nodes })).toHaveLength(1)
})

test('a list of Traefik is held to the same ranges, private addresses aside', () => {
  const wanted = ['173.245.48.0/20', '2400:cb00::/32']
  const list = { where: 'Traefik', ranges: ['10.42.0.0/16', '173.245.48.0/20', '192.0.2.0/24'] }
  expect(differenceOf(list, wanted)).toEqual({ lacks: ['2400:cb00::/32'], has: ['192.0.2.0/24'] })
})
