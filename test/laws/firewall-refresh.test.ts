import { refresh } from '../../src/lib/procedures/firewall/refresh.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { useEdge } from './edge-subject.ts'
import { laws } from './laws.ts'

const { sandbox, subject, state } = useEdge()
const [first, second] = nodes
const two = { node: [first.alias, second.alias] }
const one = { node: [first.alias] }

/** One range is new, one is gone. */
const moved = () => {
  const { ipv4, ipv6 } = state().ranges
  state().ranges = { ipv4: ['198.51.100.0/24', ...ipv4.slice(1)], ipv6 }
}
const rules = (alias: string, change: (lines: readonly string[]) => readonly string[]) => {
  const node = sandbox().nodes.node(alias).state
  node.write('ufw/rules4', `${change(node.read('ufw/rules4').trim().split('\n')).join('\n')}\n`)
}

laws(refresh, subject, [
  { name: 'a range new and a range gone', input: one, arrange: moved, meets: 'work' },
  {
    name: 'half done: the first node is, the second not',
    input: two,
    arrange: () => {
      moved()
      rules(first.alias, (lines) => lines.map((line) => line.replace('173.245.48.0/20', '198.51.100.0/24')))
    },
    meets: 'work',
  },
  { name: 'as published', input: one, arrange: () => {}, meets: 'nothing to do' },
  {
    name: 'a source let in by hand',
    input: one,
    arrange: () => rules(first.alias, (lines) => [...lines, 'allow|in|tcp|203.0.113.5|443|any|monitoring']),
    meets: 'nothing to do',
  },
  {
    name: 'let in in another shape, with a ban of a stranger before',
    input: one,
    arrange: () =>
      rules(first.alias, (lines) => ['deny|in|any|203.0.113.9|any|any|', ...lines.map((line) => line.replace('|443|', '|80,443|'))]),
    meets: 'nothing to do',
  },
  {
    name: 'UFW leaves IPv6 alone',
    input: one,
    arrange: () => {
      const node = sandbox().nodes.node(first.alias).state
      node.write('ufw/defaults', 'IPV6=no\n')
      node.write('ufw/rules6', '')
    },
    meets: 'nothing to do',
  },
  {
    name: 'open to anybody, and by no other rule',
    input: one,
    arrange: () => {
      rules(first.alias, (lines) => [...lines.slice(0, 12), 'allow|in|tcp|any|443|any|'])
    },
    meets: 'work',
  },
  {
    name: 'the published list is empty',
    input: one,
    arrange: () => {
      state().ranges = { ipv4: [], ipv6: [] }
    },
    refused: /the published list is empty/,
  },
  {
    name: 'the published list has shrunk by more than half',
    input: one,
    arrange: () => {
      state().ranges = { ipv4: state().ranges.ipv4.slice(0, 5), ipv6: [] }
    },
    refused: /the published list has 5 ranges, less than half of the 22/,
  },
  {
    name: 'a shrunk list whose ranges match, and no rule has a comment',
    input: one,
    arrange: () => {
      rules(first.alias, (lines) => lines.map((line) => line.replace(/\|[^|]*$/, '|')))
      state().ranges = { ipv4: state().ranges.ipv4.slice(0, 5), ipv6: [] }
    },
    refused: /the published list has 5 ranges, less than half of the 22/,
  },
  {
    name: 'UFW is inactive on one node whose rules are as published',
    input: one,
    arrange: () => sandbox().nodes.node(first.alias).state.write('ufw/enabled', 'no\n'),
    refused: /UFW on hetzner1 is inactive/,
  },
  {
    name: 'UFW is inactive on one node',
    input: two,
    arrange: () => {
      moved()
      sandbox().nodes.node(second.alias).state.write('ufw/enabled', 'no\n')
    },
    refused: /UFW on hetzner2 is inactive/,
  },
  {
    name: 'a rule keeps a part of Cloudflare out at 443',
    input: one,
    arrange: () => {
      moved()
      rules(first.alias, (lines) => ['deny|in|tcp|198.51.100.7|443|any|', ...lines])
    },
    refused: /hetzner1 has rules that keep a part of Cloudflare out at 443: deny from 198\.51\.100\.7/,
  },
])
