import type { SnapshotFile } from './disk-types.ts'

/** What one server's member of etcd says of itself. Ids are hexadecimal, as etcd prints them. */
export interface EtcdMember {
  readonly id: string
  readonly hasLeader: boolean
  readonly isLeader: boolean
  /** It has no vote yet. */
  readonly isLearner: boolean
  /** Each other member that it knows, and whether it hears from it. */
  readonly peers: readonly { readonly id: string; readonly active: boolean }[]
  readonly databaseBytes: number
  readonly quotaBytes: number
  /** In how many seconds 99 of 100 writes of its log were on the disk, since it started: the upper bound of a histogram's class. */
  readonly fsyncSeconds?: number
  /** "ALARM NOSPACE", "RAFT NO LEADER"; absent where it calls itself healthy. */
  readonly complaint?: string
}

/** etcd on one server of the cluster. */
export interface NodeEtcd {
  /** Undefined where nothing answers at its port for metrics. */
  readonly member?: EtcdMember
  /** What is free of the disk that they are on. */
  readonly availableBytes?: number
  /** On its own disk. */
  readonly snapshots: readonly SnapshotFile[]
  /** Whether k3s is told to send them to object storage too. */
  readonly toObjectStorage: boolean
}
