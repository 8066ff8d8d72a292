import { expect, test } from 'vitest'
import { judge } from '../../../src/lib/facts/firewall/judge.ts'
import { differenceOf } from '../../../src/lib/facts/firewall/lists.ts'
import { firewallFindings } from '../../../src/lib/reports/firewall/findings.ts'
import { readRule } from '../../../src/lib/systems/nodes/firewall.ts'

const published = { ipv4: ['173.245.48.0/20', '104.16.0.0/13'], ipv6: ['2400:cb00::/32'] }
const from = (range: string, comment = 'cloudflare') =>
  `allow from ${range} to any port 443 proto tcp${comment ? ` comment '${comment}'` : ''}`
const firewall = (...lines: readonly string[]) => ({ active: true, incoming: 'deny', rules: lines.map(readRule) })
const whole = ['allow 22/tcp', from('173.245.48.0/20'), from('104.16.0.0/13'), from('2400:cb00::/32')]

const specs = (rules: readonly { readonly spec: string }[]) => rules.map(({ spec }) => spec)
const say = (...lines: readonly string[]) =>
  firewallFindings({
    published: { value: published },
    lists: { value: [] },
    nodes: new Map([['hetzner1', { value: judge(firewall(...lines), published) }]]),
  }).map(({ level, text }) => `${level}: ${text}`)

test('a node with every range and SSH has nothing wrong', () => {
  expect(judge(firewall(...whole), published)).toMatchObject({ missing: [], stale: [], byHand: [], open: [], against: [], present: 3 })
  expect(say(...whole)).toEqual([])
})

test('a range is stale only with the comment of the others; without one it was made by hand', () => {
  const judged = judge(firewall(...whole, from('192.0.2.0/24'), from('198.51.100.7', 'monitoring'), from('203.0.113.0/24', '')), published)
  expect(specs(judged.stale)).toEqual(['allow from 192.0.2.0/24 to any port 443 proto tcp'])
  expect(judged.byHand.map((rule) => rule.from)).toEqual(['198.51.100.7', '203.0.113.0/24'])
  const uncommented = judge(firewall(...whole.map((line) => line.replace(/ comment.*/, '')), from('192.0.2.0/24', '')), published)
  expect([uncommented.stale, uncommented.byHand.length, uncommented.comment]).toEqual([[], 1, ''])
})

test.each([
  ['allow 443/tcp', 'open'],
  ['allow 80/tcp', 'open'],
  ['allow 6443', 'open'],
  ['limit 8000:9000/tcp', 'open'],
  ['deny 443/tcp', 'against'],
  ['reject from 104.16.0.1', 'against'],
  ["allow 'Nginx Full'", 'unread'],
] as const)('%s is told as %s', (line, as) => {
  expect(specs(judge(firewall(...whole, line), published)[as])).toEqual([line])
})

test.each(['limit 22/tcp', 'allow from 10.42.0.0/16', 'allow from 178.104.247.152 to any port 6443 proto tcp', 'allow out 443'])(
  '%s is nothing wrong',
  (line) => {
    expect(say(...whole, line)).toEqual([])
  },
)

test('what is wrong is said before what was made by hand', () => {
  expect(say('allow 443/tcp', from('198.51.100.7', 'monitoring'), from('173.245.48.0/20'), from('104.16.0.0/13'))).toEqual([
    'wrong: hetzner1 is open to anybody: allow 443/tcp',
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
