import { counted } from '../../counted.ts'
import { Blocked } from '../../errors.ts'
import { leadsToNode } from '../../facts/edge/round-robin.ts'
import { type Finding, fails, holds, hopeless, when } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import type { Readers } from '../../systems/systems.ts'
import {
  answerWithout,
  leadsTo,
  nameAnswersWithout,
  namesShown,
  onlyByTrying,
  openConnections,
  othersRemain,
  type RoundRobinFacts,
  recordsOf,
  repair,
} from './round-robin-facts.ts'

type Needs = 'cloudflare' | 'nodes' | 'http'

/** Names that lead anywhere: of one without any record nothing is to be taken. */
export const namesOf = ({ names, records }: RoundRobinFacts): readonly string[] =>
  names.filter((name) => records.some((record) => record.name === name))

/** The steps that take a node out of every name: one a name, and the wait for its last connection. */
export const leaveRoundRobin = (facts: RoundRobinFacts): readonly Change<Needs>[] => [
  ...namesOf(facts).map((name) => takeOff(facts, name)),
  ...lastConnection(facts),
]

/** Whether a name leads to the node no more, and to somebody else still. */
export const isOff = async (
  { node }: Pick<RoundRobinFacts, 'node'>,
  name: string,
  cloudflare: Readers<'cloudflare'>['cloudflare'],
): Promise<Finding> => {
  const now = await cloudflare.addresses([name])
  if (now.some((record) => leadsToNode(node, record))) return fails(`${name} still leads to ${node.alias}`)
  return now.some(({ proxied }) => proxied) ? holds : hopeless(`${name} has no address any more`, repair({ node }))
}

/** Takes one name off the node. */
export const takeOff = (facts: RoundRobinFacts, name: string): Change<Needs> => {
  const { node } = facts
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
      const off = await isOff(facts, name, look.cloudflare)
      if (!off.ok) return off
      const answers = answering ? await nameAnswersWithout(facts, name, look) : holds
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

/** Waits for the last connection to the node; no step where they cannot be counted. */
export const lastConnection = (facts: RoundRobinFacts): readonly Change<Needs>[] => {
  const { node, within } = facts
  const open = openConnections(facts)
  if (open === undefined) return []
  return [
    {
      title: `Wait for the last connection to ${node.alias}`,
      unknown: 'Cloudflare alone decides how long it keeps its connections',
      apply: async () => {},
      verify: async (look) => {
        const [records, left] = await Promise.all([look.cloudflare.addresses(facts.names), look.nodes.connections(node.alias, 443)])
        if (records.some((record) => leadsToNode(node, record))) return fails(`${node.alias} is still in the round robin`)
        return when(left === 0, `${counted(left, 'connection is', 'connections are')} still open at 443 of ${node.alias}`)
      },
      within,
      shows: (prove) => prove.nodes.noConnections(node.alias, 443, within),
      undo: async () => {},
    },
  ]
}
