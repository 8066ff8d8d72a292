import { type Duration, minutes } from '../../clock.ts'
import { madeAt } from '../../facts/nodes/disk.ts'
import { bytes } from '../../facts/nodes/quantities.ts'
import { asRootOn } from '../../node-lines.ts'
import { every, when } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import type { SnapshotFile } from '../../systems/nodes/disk-types.ts'
import type { NodeEtcd } from '../../systems/nodes/etcd-types.ts'
import type { Readers } from '../../systems/systems.ts'
import type { RoundRobinNode } from '../edge/round-robin-facts.ts'

/** One server, and what counts as its snapshot. */
export interface Server {
  readonly node: RoundRobinNode
  readonly etcd: NodeEtcd
  /** What the snapshot's name begins with. */
  readonly prefix: string
  readonly since: Date
  readonly youngerThan: Duration
}

/** "1 h", "90 min": as it was asked for. */
export const inHours = (wanted: Duration): string =>
  wanted % minutes(60) === 0 ? `${wanted / minutes(60)} h` : `${Math.round(wanted / minutes(1))} min`

const isYoung =
  ({ prefix, node, since }: Server) =>
  (one: SnapshotFile): boolean => {
    const at = madeAt(one)
    return one.name.startsWith(`${prefix}-${node.hostname}-`) && at !== undefined && at >= since
  }

/** A snapshot holds the whole database: a file that is much smaller is none, where it is not packed. */
const isWhole =
  ({ etcd: { member } }: Server) =>
  ({ name, bytes: size }: SnapshotFile): boolean =>
    name.endsWith('.zip') ? size > 0 : size >= (member?.databaseBytes ?? 2) / 2

/** The one that is young enough and whole. */
export const freshOn = async (server: Server, look: Readers<'nodes'>): Promise<SnapshotFile | undefined> =>
  (await look.nodes.etcd(server.node.alias)).snapshots.filter(isYoung(server)).find(isWhole(server))

export const saveOn = (server: Server): Change<'nodes'> => {
  const { node, etcd, prefix, youngerThan } = server
  const { alias } = node
  const known = new Set(etcd.snapshots.map(({ name }) => name))
  const there = etcd.snapshots.filter(isYoung(server)).find(isWhole(server))
  const database = etcd.member?.databaseBytes ?? 0
  const free = etcd.availableBytes ?? Number.POSITIVE_INFINITY
  return {
    title: `Save a snapshot of etcd on ${alias}`,
    effect: [
      {
        what: `${prefix} snapshot on ${alias}`,
        before: there ? 'there' : `none younger than ${inHours(youngerThan)}`,
        after: 'there',
        note: there ? `${there.name}, ${bytes(there.bytes)}` : `about ${bytes(database)}`,
      },
    ],
    check: async () =>
      every([
        when(etcd.member !== undefined, `etcd of ${alias} does not answer`, 'honeydue cluster:etcd'),
        when(
          etcd.member?.hasLeader !== false,
          `etcd of ${alias} has no leader: nothing can be saved without a quorum`,
          'honeydue cluster:etcd',
        ),
        when(
          free > 2 * database,
          `${alias} has ${bytes(free)} of its disk free, and a snapshot takes ${bytes(database)}`,
          'honeydue nodes:disk',
        ),
      ]),
    apply: (write) => write.nodes.saveSnapshot(alias, { name: prefix }),
    verify: async (look) => {
      const young = (await look.nodes.etcd(alias)).snapshots.filter(isYoung(server))
      const [broken] = young
      return when(
        young.some(isWhole(server)),
        broken
          ? `${broken.name} has ${bytes(broken.bytes)}, and the database ${bytes(database)}`
          : `${alias} has no ${prefix} snapshot younger than ${inHours(youngerThan)}`,
        asRootOn(alias, sh`k3s etcd-snapshot ls`),
      )
    },
    within: minutes(2),
    shows: (prove) => prove.nodes.snapshotSaved(alias, { name: prefix, youngerThan }),
    undo: async (write, look) => {
      const made = (await look.nodes.etcd(alias)).snapshots.filter(isYoung(server)).filter(({ name }) => !known.has(name))
      if (made.length > 0)
        await write.nodes.deleteSnapshots(
          alias,
          made.map(({ name }) => name),
        )
    },
  }
}
