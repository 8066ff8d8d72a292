/** Folders of a node that are known to grow. */
export type DiskPlace = 'journal' | 'packages' | 'snapshots' | 'etcd' | 'logs' | 'syslog' | 'volumes' | 'pods' | 'containerd'

/** One file system; bytes. */
export interface FileSystem {
  readonly mountedOn: string
  readonly totalBytes: number
  readonly usedBytes: number
  /** To others than root. */
  readonly availableBytes: number
  /** Files and folders. A file system that makes them as it needs them has no number. */
  readonly inodes?: { readonly total: number; readonly used: number }
}

/** An image that containerd has. */
export interface NodeImage {
  readonly id: string
  /** "docker.io/library/redis:7-alpine"; none where a later push took its tag. */
  readonly names: readonly string[]
  /** As containerd counts it: packed. On the disk it takes more. */
  readonly bytes: number
  /** Pinned, or of a container that is there, running or not: no pruning takes it. */
  readonly needed: boolean
}

/** A file in k3s' folder of snapshots. */
export interface SnapshotFile {
  readonly name: string
  readonly bytes: number
}

/** What of a node's disk can be cleaned. */
export interface NodeLitter {
  /** The root first, then k3s' own where it has one; never empty. */
  readonly fileSystems: readonly [FileSystem, ...FileSystem[]]
  readonly journalBytes: number
  /** Packages that apt has fetched and installed. */
  readonly packageBytes: number
  /** Undefined where containerd does not answer. */
  readonly images?: readonly NodeImage[]
  readonly snapshots: readonly SnapshotFile[]
}

/** What fills a node's disk. */
export interface NodeDisk extends NodeLitter {
  /** What was counted: a folder that is not there, or took too long, is missing. */
  readonly places: ReadonlyMap<DiskPlace, number>
  /** The pods whose containers' logs are largest: "honeydue/api-7c9f6d8b5-x2k4q". */
  readonly logs: readonly { readonly pod: string; readonly bytes: number }[]
}
