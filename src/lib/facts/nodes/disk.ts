import type { DiskPlace, FileSystem, NodeDisk, NodeImage, NodeLitter, SnapshotFile } from '../../systems/nodes/disk-types.ts'

/** The kubelet removes images from 85 % on; k3s has it evict pods where 5 % are left. */
export const imagesGoBelow = 0.15
export const podsGoBelow = 0.05

/** What a journal is cut down to: some weeks of a node's. */
export const journalMegabytes = 500
const megabyte = 1024 ** 2
/** Less is apt's empty folders. */
const fewPackages = megabyte

const day = 86_400_000
/** An on-demand snapshot that is older was made for something that is over. */
const snapshotDays = 30

/** What the table and the plan call them. */
export const placeWords: Readonly<Record<DiskPlace, string>> = {
  journal: 'journal',
  packages: 'packages that apt has fetched',
  snapshots: 'snapshots of etcd',
  etcd: 'etcd',
  logs: "containers' logs",
  syslog: 'other logs in /var/log',
  volumes: 'volumes (local-path)',
  pods: 'what pods keep (emptyDir)',
  containerd: 'images and containers',
}

export const freeShare = ({ availableBytes, totalBytes }: FileSystem): number => availableBytes / totalBytes

/** The file system that images and containers are on. */
export const ofImages = ({ fileSystems }: NodeLitter): FileSystem => fileSystems.at(-1) ?? fileSystems[0]

export const crowded = (litter: NodeLitter): readonly FileSystem[] => litter.fileSystems.filter((one) => freeShare(one) < imagesGoBelow)

/** What can go from a node, and nobody misses. */
export interface Cleanable {
  /** Of the journal, above what it may have. */
  readonly journal: number
  readonly packages: number
  readonly images: readonly NodeImage[]
  /** On-demand ones that are old; the newest of them stays, and so does what somebody gave a name. */
  readonly snapshots: readonly SnapshotFile[]
  readonly bytes: number
}

export const cleanable = (litter: NodeLitter, now: Date): Cleanable => {
  const journal = Math.max(0, litter.journalBytes - journalMegabytes * megabyte)
  const packages = litter.packageBytes < fewPackages ? 0 : litter.packageBytes
  const images = (litter.images ?? []).filter(({ needed }) => !needed)
  const snapshots = oldSnapshots(litter.snapshots, now)
  const bytes = [...images, ...snapshots].reduce((sum, one) => sum + one.bytes, journal + packages)
  return { journal, packages, images, snapshots, bytes }
}

/** When k3s made it, by its name. */
export const madeAt = ({ name }: SnapshotFile): Date | undefined => {
  const [, at] = /-(\d{10})(?:\.zip)?$/.exec(name) ?? []
  return at === undefined ? undefined : new Date(Number(at) * 1000)
}

const oldSnapshots = (all: readonly SnapshotFile[], now: Date): readonly SnapshotFile[] => {
  const dated = all.flatMap((one) => {
    const at = one.name.startsWith('on-demand-') ? madeAt(one) : undefined
    return at === undefined ? [] : [{ one, at: at.getTime() }]
  })
  const newest = Math.max(...dated.map(({ at }) => at))
  return dated.flatMap(({ one, at }) => (at < newest && now.getTime() - at > snapshotDays * day ? [one] : []))
}

/** What was counted, largest first, and what nobody's list has. */
export const taken = ({
  places,
  fileSystems: [root],
}: NodeDisk): { readonly places: readonly (readonly [DiskPlace, number])[]; readonly rest: number } => {
  const sorted = [...places].sort(([, one], [, other]) => other - one)
  return { places: sorted, rest: Math.max(0, root.usedBytes - sorted.reduce((sum, [, bytes]) => sum + bytes, 0)) }
}
