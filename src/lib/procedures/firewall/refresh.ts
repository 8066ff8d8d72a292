import { allOf, https, type Judged, judge } from '../../facts/firewall/judge.ts'
import type { FirewallRule } from '../../firewall-rule.ts'
import { texts } from '../../plan/choice.ts'
import { every, fails, holds, when } from '../../plan/finding.ts'
import { type Change, defineProcedure, type Step } from '../../plan/procedure.ts'
import { asPublished, customersAnswered, gatherRefresh, mayRefresh, type Needs, type RefreshFacts, stillWrong } from './refresh-facts.ts'

/** Brings the nodes' rules for 443 to what Cloudflare publishes: adds first, removes after, one node after another. */
export const refresh = defineProcedure({
  id: 'firewall:refresh',
  title: "Bring the nodes' firewalls to Cloudflare's published ranges",
  needs: ['cloudflare', 'nodes', 'http', 'kube'],
  choices: { node: texts({ about: 'only this node, by alias; may be given several times' }) },
  risk: () => 'disruptive',
  gather: (input, look, { environment }) => gatherRefresh(input.node, look, environment),
  subject: ({ nodes }) => nodes.map(({ alias }) => alias).join(','),
  target: (facts) => [
    `Cloudflare publishes ${facts.published.ipv4.length} IPv4 and ${facts.published.ipv6.length} IPv6 ranges`,
    ...facts.nodes.map(
      ({ alias, judged }) =>
        `${alias} lets in ${judged.present} of ${judged.wanted === allOf(facts.published).length ? 'them' : `the ${judged.wanted} of IPv4`} at ${https}`,
    ),
    ...asPublished(facts),
  ],
  elsewhere: stillWrong,
  beyond: () => ['Port 443 of a node cannot be tried from here: its rules are read again, and the public names are asked'],
  steps: (facts) =>
    facts.nodes.flatMap((node): readonly Step<Needs>[] => [
      letIn(facts, node),
      ...(node.judged.stale.length > 0 ? [shutOut(facts, node)] : []),
      customersAnswered(facts, node.alias),
    ]),
})

type Node = RefreshFacts['nodes'][number]

const ruleFor = (source: string, { judged }: Node) => ({
  source,
  port: https,
  protocol: 'tcp' as const,
  comment: judged.comment || 'cloudflare',
})

/** Ranges that need a rule of their own: those that none lets in, and those that are let in by what is to go. */
const lacking = ({ missing, leaning }: Judged): readonly string[] => [...missing, ...leaning]

const letIn = (facts: RefreshFacts, node: Node): Change<Needs> => {
  const { alias, judged } = node
  return {
    title: `Let Cloudflare's ranges in at ${https} of ${alias}`,
    effect: lacking(judged).map((range) => ({
      what: `${range} at ${alias}`,
      before: judged.missing.includes(range) ? 'kept out' : 'let in with others',
      after: 'let in',
    })),
    check: async () => mayRefresh(facts, node),
    apply: async (write) => {
      for (const range of lacking(judged)) await write.nodes.allowFrom(alias, ruleFor(range, node))
    },
    verify: async (look) => {
      const now = judge(await look.nodes.firewall(alias), facts.published)
      const lacks = lacking(now)
      const few = `${lacks.slice(0, 3).join(', ')}${lacks.length > 3 ? ' …' : ''}`
      // Of a list that cannot be true nothing may be missing, and an inactive UFW lets in and keeps out nobody: neither passes for done.
      return every([mayRefresh(facts, { alias, judged: now }), when(lacks.length === 0, `${alias} has no rule that lets in ${few}`)])
    },
    shows: (prove) => prove.nodes.rules(alias, { there: lacking(judged).map(specFor) }),
    undo: async (write) => {
      for (const range of lacking(judged)) await write.nodes.deleteRule(alias, { spec: specFor(range) })
    },
  }
}

const specFor = (source: string): string => `allow from ${source} to any port ${https} proto tcp`

const shutOut = (facts: RefreshFacts, node: Node): Change<Needs> => {
  const { alias, judged } = node
  const ranges = allOf(facts.published)
  const gone = (rules: readonly FirewallRule[]) => judged.stale.filter(({ spec }) => rules.some((rule) => rule.spec === spec))
  return {
    title: `Close ${alias} to ranges that are no longer published`,
    effect: judged.stale.map(({ from }) => ({ what: `${from} at ${alias}`, before: 'let in', after: 'kept out' })),
    check: async () => mayRefresh(facts, node),
    apply: async (write) => {
      for (const { spec } of judged.stale) await write.nodes.deleteRule(alias, { spec })
    },
    verify: async (look) => {
      const left = gone((await look.nodes.firewall(alias)).rules)
      return left.length === 0
        ? holds
        : fails(`${alias} still lets in ${left.map(({ from }) => from).join(', ')}, not among ${ranges.length} published`)
    },
    shows: (prove) => prove.nodes.rules(alias, { gone: judged.stale.map(({ spec }) => spec) }),
    undo: async (write) => {
      for (const { from, comment = '' } of judged.stale) await write.nodes.allowFrom(alias, { ...ruleFor(from, node), comment })
    },
  }
}
