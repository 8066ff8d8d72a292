import { Blocked, reasonOf } from '../../errors.ts'
import { type Answer, answer } from '../../facts/answer.ts'
import { type EtcdSurvey, memberAt, type Quorum, quorumOf, surveyEtcd } from '../../facts/cluster/etcd.ts'
import { madeAt } from '../../facts/nodes/disk.ts'
import type { Context } from '../../plan/context.ts'
import type { SnapshotFile } from '../../systems/nodes/disk-types.ts'
import type { NodeEtcd } from '../../systems/nodes/etcd-types.ts'
import type { NodeRestore } from '../../systems/nodes/restore-types.ts'
import type { Readers } from '../../systems/systems.ts'
import type { RoundRobinNode } from '../edge/round-robin-facts.ts'

/** One server that answers. */
export interface RestoreServer {
  readonly node: RoundRobinNode
  readonly etcd: NodeEtcd
  readonly state: NodeRestore
}

/** What etcd is brought back to, and where from. */
export interface RestoreFacts {
  /** The one that is reset. */
  readonly first: RestoreServer
  readonly others: readonly RestoreServer[]
  /** Servers that do not answer, and why. */
  readonly away: readonly (readonly [node: RoundRobinNode, because: string])[]
  /** Somebody has said that those are off, and stay off. */
  readonly othersOff: boolean
  /** Undefined where the first one's own data stays. */
  readonly snapshot?: SnapshotFile
  /** Named by who asked for it: a bad day, whether or not there is a quorum. */
  readonly named: boolean
  /** As which the databases of before are kept. */
  readonly keptAs: string
  /** A run before this one has begun it. */
  readonly begun: boolean
  readonly quorum?: Quorum
  readonly now: Date
}

interface RestoreInput {
  readonly snapshot: string | undefined
  readonly 'own-data': boolean
  readonly 'others-off': boolean
}

/** Names as k3s makes them; what is called otherwise is no snapshot of its. */
const plain = /^[\w.-]+$/
const keptOf = (name: string): string => `db-before-${name}`
const keptOwnOf = (name: string): string => `db-before-reset-${name}`

export const isReset = ({ state }: RestoreServer, keptAs: string): boolean => state.kept.some(({ name, reset }) => name === keptAs && reset)

/** It has come to the cluster of the server that was reset: the others' members were all dropped by that. */
export const hasJoined = (survey: EtcdSurvey, first: string, alias: string): boolean => {
  const [there, own] = [memberAt(survey, first), memberAt(survey, alias)]
  if (there === undefined || own === undefined || own.isLearner || !own.hasLeader) return false
  return first === alias || there.peers.some(({ id, active }) => active && id === own.id)
}

export const gatherRestore = async (
  { snapshot: name, 'own-data': ownData, 'others-off': othersOff }: RestoreInput,
  { nodes }: Readers<'nodes'>,
  { environment, clock }: Pick<Context, 'environment' | 'clock'>,
): Promise<RestoreFacts> => {
  const aliases = environment.nodes.map(({ alias }) => alias)
  const [survey, states] = await Promise.all([
    surveyEtcd(aliases, nodes),
    Promise.all(environment.nodes.map(async (node) => [node, await answer(nodes.restore(node.alias))] as const)),
  ])
  const servers = states.flatMap(([node, state]) => {
    const etcd = survey.get(node.alias)
    return state.answered && etcd?.answered ? [{ node, etcd: etcd.value, state: state.value }] : []
  })
  const away = states.flatMap(([node, state]) =>
    servers.some((one) => one.node === node) ? [] : [[node, reasonOf(errorOf(state, survey.get(node.alias)))] as const],
  )
  if (servers.length === 0) throw errorOf(...states.map(([, state]) => state))
  const target = name === undefined ? (begunBefore(servers, survey) ?? chosen(servers, ownData)) : named(servers, name)
  const quorum = quorumOf(survey)
  return {
    ...target,
    others: servers.filter(({ node }) => node !== target.first.node),
    away,
    othersOff,
    named: name !== undefined,
    begun: isReset(target.first, target.keptAs),
    ...(quorum && { quorum }),
    now: clock.now(),
  }
}

const errorOf = (...asked: readonly (Answer<unknown> | undefined)[]): unknown =>
  asked.flatMap((one) => (one === undefined || one.answered ? [] : [one.error]))[0]

type Target = Pick<RestoreFacts, 'first' | 'snapshot' | 'keptAs'>

/** Which has it now, or had it when it was reset to it. */
const named = (servers: readonly RestoreServer[], name: string): Target => {
  const holder = servers.find(({ etcd }) => etcd.snapshots.some((one) => one.name === name))
  const found = holder?.etcd.snapshots.find((one) => one.name === name)
  if (holder && found) return { first: holder, snapshot: found, keptAs: keptOf(name) }
  throw new Blocked({
    code: 'no-such-snapshot',
    failed: `No server that answers has a snapshot ${name}`,
    cause: `There are ${servers.flatMap(({ etcd }) => etcd.snapshots.map((one) => one.name)).join(', ') || 'none'}`,
    next: 'honeydue cluster:etcd',
  })
}

/** A restore of the last day that has not come to its end: what was kept tells how far it came. */
const begunBefore = (servers: readonly RestoreServer[], survey: EtcdSurvey): Target | undefined => {
  const kept = servers.flatMap((server) => server.state.kept.filter(({ young }) => young).map((one) => ({ server, ...one })))
  for (const { name, server } of [...kept].sort((one, other) => Number(other.reset) - Number(one.reset))) {
    if (servers.every(({ node, state }) => state.k3s === 'active' && hasJoined(survey, server.node.alias, node.alias))) continue
    const alone = kept.filter((one) => one.name === name).length === 1
    if (name.startsWith(keptOwnOf('')) && (server.state.kept.some((one) => one.name === name && one.reset) || alone))
      return { first: server, keptAs: name }
    const snapshot = server.etcd.snapshots.find((one) => keptOf(one.name) === name)
    if (snapshot) return { first: server, snapshot, keptAs: name }
  }
  return undefined
}

/** A snapshot holds the whole database: a file that is much smaller is none, where it is not packed. */
const isWhole = (one: SnapshotFile, { etcd: { member } }: RestoreServer): boolean =>
  one.name.endsWith('.zip') ? one.bytes > 0 : one.bytes > 0 && one.bytes >= (member?.databaseBytes ?? 0) / 2

/** The newest whole one, on a server that k3s agrees to reset where there is such a one; or the server whose member answers, for its own data. */
const chosen = (servers: readonly RestoreServer[], ownData: boolean): Target => {
  const willing = servers.filter(({ state }) => !state.joinsByFile)
  const asked = willing.length > 0 ? willing : servers
  const all = asked
    .flatMap((server) => server.etcd.snapshots.map((snapshot) => ({ server, snapshot, at: madeAt(snapshot)?.getTime() ?? 0 })))
    .filter(({ snapshot, at }) => at > 0 && plain.test(snapshot.name))
    .sort((one, other) => other.at - one.at)
  if (ownData) {
    const first = asked.find(({ etcd }) => etcd.member !== undefined) ?? asked[0]
    const last = all.find(({ server }) => server === first)?.snapshot.name ?? 'all'
    if (first) return { first, keptAs: keptOwnOf(last) }
  }
  const newest = all.find(({ server, snapshot }) => isWhole(snapshot, server))
  if (newest) return { first: newest.server, snapshot: newest.snapshot, keptAs: keptOf(newest.snapshot.name) }
  throw new Blocked({
    code: 'no-snapshot',
    failed: `No snapshot of etcd is on ${servers.map(({ node }) => node.alias).join(', ')}`,
    cause: 'Another server may have one that does not answer; --own-data goes on with what a server has itself',
    next: 'honeydue cluster:etcd',
  })
}
