import { Blocked } from '../../errors.ts'
import { leadsToNode } from '../../facts/edge/round-robin.ts'
import { argument, duration } from '../../plan/choice.ts'
import { fails, holds, hopeless, when } from '../../plan/finding.ts'
import { type Change, defineProcedure } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import {
  answerWithout,
  gatherRoundRobin,
  leadsTo,
  leftAlone,
  nameAnswers,
  namesAnswer,
  namesShown,
  nodesOffered,
  onlyByTrying,
  openConnections,
  othersRemain,
  type RoundRobinFacts,
  recordsOf,
  repair,
} from './round-robin-facts.ts'

/** Takes a node out of the round robin of every name, and waits until its last connection has gone. */
export const drain = defineProcedure({
  id: 'edge:drain',
  title: 'Take a node out of the round robin of every name',
  needs: ['cloudflare', 'nodes', 'http'],
  choices: {
    node: argument({ about: 'alias of the node, as nodes:status shows it', ask: 'Which node?' }),
    within: duration({ about: 'how long to wait for the last connection', default: '5m' }),
  },
  offers: { node: async (_, { environment }) => nodesOffered(environment) },
  risk: () => 'disruptive',
  gather: (input, look, context) => gatherRoundRobin(input.node, input.within, look, context),
  outlier: (facts) => {
    const alone = namesOf(facts).flatMap((name) => {
      const left = leadsTo(facts, name).filter((one) => one.split(' ')[0] !== facts.node.alias)
      return recordsOf(facts, name).length > 0 && left.length === 1 ? [`${name} then leads to ${left[0]} alone`] : []
    })
    return alone.length === 0 ? undefined : alone.join('; ')
  },
  subject: ({ node }) => node.alias,
  target: ({ node, zone, account }) => [
    `${node.alias} (${node.hostname}) at ${node.address}`,
    `zone ${zone}${account && ` of the account ${account}`}`,
  ],
  beyond: (facts) => [
    ...leftAlone(facts),
    ...namesOf(facts).flatMap((name) => onOneNode(facts, name)),
    ...('because' in facts.connections ? [`Open connections cannot be counted: ${facts.connections.because}`] : []),
  ],
  steps: (facts) => [
    ...namesOf(facts).map((name) => takeOff(facts, name)),
    ...lastConnection(facts),
    namesAnswer(facts, answerWithout(facts)),
  ],
})

type Needs = 'cloudflare' | 'nodes' | 'http'

/** Names that lead anywhere: of one without any record nothing is to be taken. */
const namesOf = ({ names, records }: RoundRobinFacts): readonly string[] =>
  names.filter((name) => records.some((record) => record.name === name))

/** A name that the environment does not have is led to several nodes, or it is not known to be led at all. */
const onOneNode = (facts: RoundRobinFacts, name: string): readonly string[] => {
  const left = leadsTo(facts, name).filter((one) => one !== facts.node.alias)
  if (left.length > 1 || facts.deployment.cloudflare.names.includes(name)) return []
  return [`${name} then leads to ${left.join()} alone, and edge:restore will not know it: name it in cloudflare.names of the environment`]
}

const takeOff = (facts: RoundRobinFacts, name: string): Change<Needs> => {
  const { node, deployment } = facts
  const before = leadsTo(facts, name)
  const answering = answerWithout(facts).includes(name)
  return {
    title: `Take ${name} off ${node.alias}`,
    effect: [
      {
        what: name,
        before: before.join(', '),
        after: before.filter((one) => one.split(' ')[0] !== node.alias).join(', ') || 'nobody',
      },
    ],
    unknown: onlyByTrying,
    check: async () => othersRemain(facts, name),
    apply: async (write) => {
      for (const { type, address } of recordsOf(facts, name))
        await write.cloudflare.removeAddress({ name, type, address }).catch((error: unknown) => {
          throw error instanceof Blocked ? withRepair(error, facts) : error
        })
    },
    // Each name is proved before the next one is touched: two who drain at once would else take all of them off the Internet.
    verify: async (look) => {
      const now = await look.cloudflare.addresses([name])
      if (now.some((record) => leadsToNode(node, record))) return fails(`${name} still leads to ${node.alias}`)
      if (!now.some(({ proxied }) => proxied)) return hopeless(`${name} has no address any more`, repair(facts))
      const answers = answering ? await nameAnswers(name, look.http, deployment) : holds
      return answers.ok ? answers : { ...answers, next: repair(facts) }
    },
    shows: (prove) =>
      both(
        ...recordsOf(facts, name).map((record) => prove.cloudflare.leadsNot(record)),
        ...(answering ? [namesShown(facts, [name], prove)] : []),
      ),
    undo: async (write) => {
      for (const record of recordsOf(facts, name)) await write.cloudflare.addAddress(withoutProxied(record))
    },
  }
}

const withRepair = ({ code, failed, likely }: Blocked, facts: RoundRobinFacts): Blocked =>
  new Blocked({ code, failed, ...(likely !== undefined && { cause: likely }), next: repair(facts) })

const withoutProxied = ({ name, type, address, comment, tags }: RoundRobinFacts['records'][number]) => ({
  name,
  type,
  address,
  ...(comment !== undefined && { comment }),
  ...(tags !== undefined && { tags }),
})

const lastConnection = (facts: RoundRobinFacts): readonly Change<Needs>[] => {
  const { node, within } = facts
  const open = openConnections(facts)
  if (open === undefined) return []
  return [
    {
      title: `Wait for the last connection to ${node.alias}`,
      unknown: "how long Cloudflare's edge keeps its connections is its own business",
      apply: async () => {},
      verify: async (look) => {
        const [records, left] = await Promise.all([look.cloudflare.addresses(facts.names), look.nodes.connections(node.alias, 443)])
        if (records.some((record) => leadsToNode(node, record))) return fails(`${node.alias} is still in the round robin`)
        return when(left === 0, `${left} ${left === 1 ? 'connection is' : 'connections are'} still open at 443 of ${node.alias}`)
      },
      within,
      shows: (prove) => prove.nodes.noConnections(node.alias, 443, within),
      undo: async () => {},
    },
  ]
}
