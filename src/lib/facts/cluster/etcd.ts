import type { SnapshotFile } from '../../systems/nodes/disk-types.ts'
import type { EtcdMember, NodeEtcd } from '../../systems/nodes/etcd-types.ts'
import type { NodesReader } from '../../systems/nodes/types.ts'
import { type Answer, answer } from '../answer.ts'
import { madeAt } from '../nodes/disk.ts'

export type EtcdSurvey = ReadonlyMap<string, Answer<NodeEtcd>>

/** Asks every server at once over SSH; no API server is asked, because without a quorum none answers. */
export const surveyEtcd = async (aliases: readonly string[], nodes: Pick<NodesReader, 'etcd'>): Promise<EtcdSurvey> =>
  new Map(await Promise.all(aliases.map(async (alias) => [alias, await answer(nodes.etcd(alias))] as const)))

export const memberAt = (survey: EtcdSurvey, alias: string): EtcdMember | undefined => {
  const found = survey.get(alias)
  return found?.answered ? found.value.member : undefined
}

/** How many votes there are, and how many may still be lost. */
export interface Quorum {
  readonly voters: number
  /** That answer, or that another one hears from. */
  readonly alive: number
  readonly needed: number
  /** Below zero: it is lost. */
  readonly spare: number
  /** Ids that others name, and that no server which answered has. */
  readonly unseen: readonly string[]
}

/** Undefined where no member answered: nothing is known then. */
export const quorumOf = (survey: EtcdSurvey): Quorum | undefined => {
  const members = [...survey.keys()].flatMap((alias) => memberAt(survey, alias) ?? [])
  if (members.length === 0) return undefined
  const own = new Set(members.map(({ id }) => id))
  const learners = new Set(members.flatMap(({ id, isLearner }) => (isLearner ? [id] : [])))
  const peers = members.flatMap((member) => member.peers)
  const unseen = [...new Set(peers.map(({ id }) => id))].filter((id) => !own.has(id))
  const heard = unseen.filter((id) => peers.some((peer) => peer.id === id && peer.active))
  const voters = own.size - learners.size + unseen.length
  const alive = own.size - learners.size + heard.length
  const needed = Math.floor(voters / 2) + 1
  return { voters, alive, needed, spare: alive - needed, unseen }
}

/** The newest of a server's snapshots, by the names that k3s gives them. */
export const newestOf = (snapshots: readonly SnapshotFile[]): Date | undefined =>
  snapshots
    .flatMap((one) => madeAt(one) ?? [])
    .sort((one, other) => other.getTime() - one.getTime())
    .at(0)
