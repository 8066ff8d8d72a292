import { urlOf } from '../../facts/edge/public-names.ts'
import { ailments, got, told } from '../../facts/edge/survey.ts'
import { believable, keptOut } from '../../facts/firewall/believable.ts'
import { judge } from '../../facts/firewall/judge.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Proof } from '../../plan/procedure.ts'
import { coversHost, readCertificate, shortFingerprint } from '../../systems/certificates.ts'
import type { ServedCertificate } from '../../systems/nodes/types.ts'
import type { Readers } from '../../systems/systems.ts'
import type { RoundRobinFacts } from './round-robin-facts.ts'

type Needs = 'cloudflare' | 'nodes' | 'http'

/** What a node must be like before customers are led to it: each is asked of the node itself. */
export const nodeIsWell = (facts: RoundRobinFacts): readonly Proof<Needs>[] => [
  { title: `${facts.node.alias} is well, asked from itself`, holds: (look) => answersWell(facts, look) },
  { title: `${facts.node.alias} serves what Cloudflare accepts`, holds: (look) => servesAccepted(facts, look) },
  { title: `The firewall of ${facts.node.alias} lets Cloudflare in`, holds: (look) => letsCloudflareIn(facts, look) },
]

const answersWell = async ({ deployment, node, names }: RoundRobinFacts, look: Readers<Needs>): Promise<Finding> => {
  const answer = await told(
    look.nodes.origin(
      node.alias,
      names.map((name) => urlOf(deployment, name)),
    ),
  )
  const ills = ailments({ deployment, origins: new Map([[node.alias, answer]]) }, node.alias)
  return ills.length === 0 ? holds : fails(`${node.alias} is not well: ${ills.join('; ')}`)
}

/** What Full (strict) asks of an origin. That the key fits is shown by the handshake itself. */
const servesAccepted = async (facts: RoundRobinFacts, { nodes, cloudflare }: Readers<Needs>): Promise<Finding> => {
  const { node, names } = facts
  const [served, listed] = await Promise.all([
    told(nodes.served(node.alias, names)),
    // A token for DNS alone may not list them.
    told(cloudflare.originCertificates()),
  ])
  if ('because' in served) return fails(`${node.alias} cannot be asked what it serves: ${served.because}`)
  const valid = got(listed)?.map(({ id }) => id)
  const against = await Promise.all(served.value.map((one) => refused(one, facts.clock.now(), valid, cloudflare)))
  const silent = served.value.flatMap(({ name, certificate }) => (certificate === undefined ? [name] : []))
  return every([
    when(silent.length === 0, `${node.alias} completes no TLS handshake for ${silent.join(', ')}`),
    // Of several names the same is said once.
    ...[...new Set(against)].map((because) => when(because === undefined, `${node.alias} serves ${because}`)),
  ])
}

const refused = async (
  { name, certificate }: ServedCertificate,
  now: Date,
  valid: readonly string[] | undefined,
  cloudflare: Readers<Needs>['cloudflare'],
): Promise<string | undefined> => {
  const facts = readCertificate(certificate)
  if (certificate === undefined) return undefined
  if (!facts) return `what is no certificate for ${name}`
  const which = `${shortFingerprint(facts.fingerprint)} (${facts.subject})`
  if (!(await cloudflare.signedByOriginCa(certificate))) return `${which}, which the Origin CA has not signed`
  if (!coversHost(facts.names, name)) return `${which} for ${name}, and it has ${facts.names.join(', ')}`
  if (facts.notAfter < now) return `${which}, which expired on ${facts.notAfter.toISOString().slice(0, 10)}`
  if (facts.notBefore > now) return `${which}, which is valid from ${facts.notBefore.toISOString()} on`
  if (valid && !valid.includes(facts.id)) return `${which}, which Cloudflare does not list: it is revoked, or of another account`
  return undefined
}

const letsCloudflareIn = async ({ node: { alias } }: RoundRobinFacts, { nodes, cloudflare }: Readers<Needs>): Promise<Finding> => {
  const [firewall, ranges] = await Promise.all([told(nodes.firewall(alias)), told(cloudflare.ranges())])
  if ('because' in firewall) return fails(`the firewall of ${alias} cannot be read: ${firewall.because}`)
  if ('because' in ranges) return fails(`Cloudflare's ranges cannot be read: ${ranges.because}`)
  const judged = judge(firewall.value, ranges.value)
  return every([believable(ranges.value, [judged]), ...keptOut(judged).map((because) => fails(`${alias}: ${because}`))])
}
