import { refusals } from '../../facts/edge/accepted.ts'
import { ailments, illEverywhere } from '../../facts/edge/ailments.ts'
import { urlOf } from '../../facts/edge/public-names.ts'
import { got, told } from '../../facts/edge/survey.ts'
import { believable, keptOut, refresh } from '../../facts/firewall/believable.ts'
import { judge } from '../../facts/firewall/judge.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Proof } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import { sh } from '../../shell.ts'
import type { Readers } from '../../systems/systems.ts'
import { type RoundRobinFacts, wantedOf } from './round-robin-facts.ts'

type Needs = 'cloudflare' | 'nodes' | 'http'

/** What a node must be like before customers are led to it: each is asked of the node itself. */
export const nodeIsWell = (facts: RoundRobinFacts): readonly Proof<Needs>[] => [
  {
    title: `${facts.node.alias} is well, asked from itself`,
    holds: (look) => answersWell(facts, look),
    shows: (prove) => {
      const but = illEverywhere(facts, facts.asked, facts.node.alias)
      const names = facts.asked.filter((name) => !but.has(name))
      return prove.nodes.answersItself(
        facts.node.alias,
        names.map((name) => wantedOf(facts.deployment, name)),
      )
    },
  },
  {
    title: `${facts.node.alias} serves what Cloudflare accepts`,
    holds: (look) => servesAccepted(facts, look),
    // Only Cloudflare's account says what is revoked, and only a look at all of it that nothing is wrong.
    shows: () => ({
      lines: [sh`see ${`${facts.node.alias} serves a certificate of the Origin CA that Cloudflare lists: honeydue cert:status`}`],
    }),
  },
  {
    title: `The firewall of ${facts.node.alias} lets Cloudflare in`,
    holds: (look) => letsCloudflareIn(facts, look),
    shows: (prove) => both(prove.cloudflare.ranges(), prove.nodes.letsIn(facts.node.alias, 443)),
  },
]

/** What every other node says as badly is the workload's fault, and no reason to keep this one out. */
const answersWell = async (facts: RoundRobinFacts, look: Readers<Needs>): Promise<Finding> => {
  const { deployment, node, asked } = facts
  const answer = await told(
    look.nodes.origin(
      node.alias,
      asked.map((name) => urlOf(deployment, name)),
    ),
  )
  const ills = ailments({ deployment, origins: new Map([[node.alias, answer]]) }, node.alias, illEverywhere(facts, asked, node.alias))
  return ills.length === 0 ? holds : fails(`${node.alias} is not well: ${ills.join('; ')}`)
}

/** What Full (strict) asks of an origin. That the key fits is shown by the handshake itself. */
const servesAccepted = async (facts: RoundRobinFacts, { nodes, cloudflare }: Readers<Needs>): Promise<Finding> => {
  const { node, deployment } = facts
  const [served, listed] = await Promise.all([
    told(nodes.served(node.alias, deployment.cloudflare.names)),
    // A token for DNS alone may not list them.
    told(cloudflare.originCertificates()),
  ])
  if ('because' in served) return fails(`${node.alias} cannot be asked what it serves: ${served.because}`, 'honeydue nodes:status')
  const valid = got(listed)?.map(({ id }) => id)
  const { silent, refused } = await refusals(served.value, facts.clock.now(), valid, cloudflare)
  return every([
    when(silent.length === 0, `${node.alias} completes no TLS handshake for ${silent.join(', ')}`),
    ...refused.map((because) => fails(`${node.alias} serves ${because}`, 'honeydue cert:status')),
  ])
}

const letsCloudflareIn = async ({ node: { alias } }: RoundRobinFacts, { nodes, cloudflare }: Readers<Needs>): Promise<Finding> => {
  const [firewall, ranges] = await Promise.all([told(nodes.firewall(alias)), told(cloudflare.ranges())])
  if ('because' in firewall) return fails(`the firewall of ${alias} cannot be read: ${firewall.because}`, 'honeydue nodes:status')
  if ('because' in ranges) return fails(`Cloudflare's ranges cannot be read: ${ranges.because}`)
  const judged = judge(firewall.value, ranges.value)
  return every([
    believable(ranges.value, [judged]),
    ...keptOut(judged).map((because) => fails(`${alias}: ${because}`, because.endsWith(refresh) ? refresh : 'honeydue firewall:status')),
  ])
}
