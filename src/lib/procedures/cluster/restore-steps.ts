import { age } from '../../age.ts'
import { minutes } from '../../clock.ts'
import { reasonOf } from '../../errors.ts'
import { answer } from '../../facts/answer.ts'
import { memberAt, surveyEtcd } from '../../facts/cluster/etcd.ts'
import { apiNodes } from '../../facts/nodes/api-nodes.ts'
import { madeAt } from '../../facts/nodes/disk.ts'
import { bytes } from '../../facts/nodes/quantities.ts'
import { keptAt } from '../../k3s.ts'
import { every, type Finding, fails, when } from '../../plan/finding.ts'
import type { Change, Gate, Proof, Step } from '../../plan/procedure.ts'
import type { Readers } from '../../systems/systems.ts'
import { hasJoined, isReset, type RestoreFacts, type RestoreServer } from './restore-facts.ts'
import { log, mayBegin } from './restore-refusals.ts'

type Needs = 'nodes' | 'kube'

/** A database is read, written and joined in that time on a small machine; what takes longer is looked at by a person. */
const patience = minutes(10)

/** "2026-11-30 12:00 UTC". */
export const timeOf = ({ snapshot }: RestoreFacts): string => {
  const at = snapshot && madeAt(snapshot)
  return at ? `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC` : 'a time that its name does not tell'
}
const ageOf = ({ snapshot, now }: RestoreFacts): string | undefined => {
  const at = snapshot && madeAt(snapshot)
  return at && age((now.getTime() - at.getTime()) / 1000)
}

export const restoreSteps = (facts: RestoreFacts): readonly Step<Needs>[] => [
  ...(facts.away.length > 0 && !facts.othersOff ? [staysOff(facts)] : []),
  ...[facts.first, ...facts.others].map((server) => stop(facts, server)),
  keep(facts),
  reset(facts),
  startFirst(facts),
  ...facts.others.flatMap((server) => [moveAside(facts, server), startOther(facts, server)]),
  everyoneVotes(facts),
  apiAnswers(facts),
]

/** One that came back with its old database would find the other old ones, and no longer this cluster. */
const staysOff = ({ away }: RestoreFacts): Gate<Needs> => ({
  title: 'What does not answer is off, and stays off',
  ask: `${away.map(([{ alias, address }]) => `${alias} (${address})`).join(' and ')}: with its old database it would belong to another cluster than this one. Is it powered off in Hetzner's console, or gone for good?`,
  note: away.map(([{ alias }, because]) => `${alias}: ${because}.`).join(' '),
})

const stop = (facts: RestoreFacts, server: RestoreServer): Change<Needs> => {
  const { alias } = server.node
  return {
    title: `Stop k3s on ${alias}`,
    effect: [{ what: `k3s on ${alias}`, before: 'runs', after: 'stopped; what runs in containers goes on', note: server.state.k3s }],
    apply: (write) => write.nodes.stopK3s(alias),
    verify: async (look) => {
      const [now, first] = await Promise.all([look.nodes.restore(alias), look.nodes.restore(facts.first.node.alias)])
      const done = isReset({ ...facts.first, state: first }, facts.keptAs)
      const gone = server === facts.first ? done : done && (await isOfFirst(facts, server, look))
      return when(gone || isStopped(now.k3s), `k3s of ${alias} is ${now.k3s}`, log(alias))
    },
    within: minutes(2),
    shows: (prove) => prove.nodes.k3sStopped(alias, minutes(2)),
    undo: (write) => write.nodes.startK3s(alias),
    held: true,
    undone: async (look) => {
      const { k3s } = await look.nodes.restore(alias)
      return when(k3s === 'active', `k3s of ${alias} is ${k3s}`)
    },
  }
}

/** "activating" is a service that systemd starts again and again. */
const isStopped = (k3s: string): boolean => k3s === 'inactive' || k3s === 'failed'

/** Its old database is out of the way, or it has joined without one. */
const isOfFirst = async ({ first, keptAs }: RestoreFacts, { node: { alias } }: RestoreServer, look: Readers<Needs>): Promise<boolean> => {
  const { kept } = await look.nodes.restore(alias)
  if (kept.some(({ name }) => name === keptAs)) return true
  return hasJoined(await surveyEtcd([first.node.alias, alias], look.nodes), first.node.alias, alias)
}

const keep = (facts: RestoreFacts): Change<Needs> => {
  const { first, keptAs } = facts
  const { alias } = first.node
  const size = first.state.databaseBytes ?? 0
  return {
    title: `Keep the database of ${alias} as it is`,
    effect: [{ what: `copy of the database of ${alias}`, before: 'not there', after: keptAt(keptAs), note: bytes(size) }],
    check: async () => mayBegin(facts),
    apply: (write) => write.nodes.keepDatabase(alias, { keptAs }),
    verify: async (look) => {
      const { kept } = await look.nodes.restore(alias)
      return when(
        kept.some(({ name }) => name === keptAs),
        `${keptAt(keptAs)} is not on ${alias}`,
      )
    },
    within: minutes(2),
    undo: (write) => write.nodes.dropDatabase(alias, { keptAs }),
    undone: async (look) => {
      const one = (await look.nodes.restore(alias)).kept.find(({ name }) => name === keptAs)
      return when(one === undefined || one.reset, `${keptAt(keptAs)} is on ${alias} still`)
    },
    held: true,
  }
}

const reset = (facts: RestoreFacts): Change<Needs> => {
  const { first, snapshot, keptAs } = facts
  const { alias } = first.node
  const old = ageOf(facts)
  return {
    title: snapshot ? `Reset etcd on ${alias} to the snapshot` : `Make ${alias} the only member of etcd`,
    effect: [
      snapshot
        ? {
            what: 'what the cluster knows',
            before: 'as it is now',
            after: `as of ${timeOf(facts)}: ${snapshot.name}`,
            ...(old !== undefined && { note: `what was changed in the last ${old} is lost` }),
          }
        : { what: 'members of etcd', before: 'those of before', after: `${alias} alone, with what it has` },
    ],
    unknown: 'whether k3s finds the snapshot whole is known only by doing it',
    apply: (write) => write.nodes.resetEtcd(alias, { keptAs, ...(snapshot && { snapshot: snapshot.name }) }),
    verify: async (look) =>
      when(isReset({ ...first, state: await look.nodes.restore(alias) }, keptAs), `etcd of ${alias} was not reset`, log(alias)),
    undo: { impossible: 'the other members are none any more; what was before is kept, and is no part of this cluster' },
  }
}

const startFirst = (facts: RestoreFacts): Change<Needs> => {
  const { alias } = facts.first.node
  return {
    title: `Start k3s on ${alias}`,
    effect: [{ what: `etcd on ${alias}`, before: 'as it is now', after: 'a leader, and its own only voter' }],
    apply: (write) => write.nodes.startK3s(alias),
    verify: async (look) => {
      const [now, etcd] = await Promise.all([look.nodes.restore(alias), surveyEtcd([alias], look.nodes)])
      return every([
        when(isReset({ ...facts.first, state: now }, facts.keptAs), `etcd of ${alias} was not reset`),
        when(now.k3s === 'active', `k3s of ${alias} is ${now.k3s}`, log(alias)),
        when(memberAt(etcd, alias)?.hasLeader === true, `etcd of ${alias} has no leader`, log(alias)),
      ])
    },
    within: patience,
    shows: (prove) => prove.nodes.etcdHealthy(alias, patience),
    undo: { impossible: 'what was reset is not put back by stopping it' },
  }
}

const moveAside = (facts: RestoreFacts, server: RestoreServer): Change<Needs> => {
  const { alias } = server.node
  const { keptAs } = facts
  return {
    title: `Move the database of ${alias} aside`,
    effect: [{ what: `database of ${alias}`, before: 'in its place', after: keptAt(keptAs), note: bytes(server.state.databaseBytes ?? 0) }],
    apply: (write) => write.nodes.moveDatabase(alias, { keptAs }),
    verify: async (look) => {
      const first = await look.nodes.restore(facts.first.node.alias)
      const done = isReset({ ...facts.first, state: first }, keptAs)
      return when(done && (await isOfFirst(facts, server, look)), `the database of ${alias} is in its place`)
    },
    within: minutes(2),
    undo: { impossible: 'it belongs to the cluster of before; it stays where it was moved to' },
  }
}

const startOther = (facts: RestoreFacts, server: RestoreServer): Change<Needs> => {
  const { alias } = server.node
  return {
    title: `Start k3s on ${alias}, which joins again`,
    effect: [{ what: `etcd on ${alias}`, before: 'of the cluster of before', after: `a voter beside ${facts.first.node.alias}` }],
    apply: (write) => write.nodes.startK3s(alias),
    verify: async (look) => {
      const first = await look.nodes.restore(facts.first.node.alias)
      return isReset({ ...facts.first, state: first }, facts.keptAs) ? votes(facts, alias, look) : fails(`${alias} has not joined again`)
    },
    within: patience,
    shows: (prove) => prove.nodes.etcdHealthy(alias, patience),
    undo: { impossible: 'its database of before belongs to no cluster any more' },
  }
}

const votes = async ({ first }: RestoreFacts, alias: string, look: Readers<Needs>): Promise<Finding> => {
  const etcd = await surveyEtcd([first.node.alias, alias], look.nodes)
  return when(hasJoined(etcd, first.node.alias, alias), `etcd of ${alias} does not vote beside ${first.node.alias}`, log(alias))
}

const everyoneVotes = (facts: RestoreFacts): Proof<Needs> => ({
  title: 'Every server that answers votes in etcd',
  onlyAfterwards: true,
  holds: async (look) => every(await Promise.all([facts.first, ...facts.others].map(({ node }) => votes(facts, node.alias, look)))),
  within: patience,
  shows: (prove) => prove.nodes.etcdHealthy(facts.first.node.alias, patience),
})

/** By its own server: another one may still be at its start. */
const apiAnswers = ({ first, others }: RestoreFacts): Proof<Needs> => ({
  title: 'The API answers, and these nodes are Ready',
  onlyAfterwards: true,
  holds: async ({ kube }) => {
    const found = await answer(kube.nodes())
    if (!found.answered) return fails(`the Kubernetes API does not answer: ${reasonOf(found.error)}`, 'honeydue nodes:status')
    const nodes = apiNodes(found.value, [])
    return every(
      [first, ...others].map(({ node: { alias, hostname } }) => {
        const own = nodes.find(({ name }) => name === hostname)
        return when(own?.ready === true, own ? `${alias} is NotReady` : `${alias} is no node of the cluster`, 'honeydue nodes:status')
      }),
    )
  },
  within: patience,
})
