import { createHash } from 'node:crypto'
import { image, tags } from '../deployment/facts.ts'

/** The files that a node's commands answer from. */
interface State {
  read(file: string): string
  write(file: string, content: string): void
}

/** Kilobytes of a node's disk by what takes them, of the 80 GB of a CX33 (ch01); `total` is the file system. Images and snapshots take their own beside it. */
export interface DiskUse {
  readonly total: number
  readonly rest: number
  readonly journal: number
  readonly packages: number
  readonly logs: number
  readonly syslog: number
  readonly etcd: number
  readonly volumes: number
  readonly pods: number
  /** Files and folders; there are five million. */
  readonly inodes: number
}

const use: DiskUse = {
  total: 78_000_000,
  rest: 5_200_000,
  journal: 410_000,
  packages: 12,
  logs: 96_000,
  syslog: 61_000,
  etcd: 140_000,
  volumes: 52_000,
  pods: 21_000,
  inodes: 312_000,
}

/** An image as containerd has it: what it counts packed, and what it takes on the disk. */
interface NodeImage {
  readonly name: string
  readonly kilobytes: number
  readonly use: 'used' | 'unused' | 'pinned'
}

const images: readonly NodeImage[] = [
  { name: 'docker.io/rancher/mirrored-pause:3.6', kilobytes: 700, use: 'pinned' },
  { name: image('api'), kilobytes: 61_000, use: 'used' },
  { name: image('worker'), kilobytes: 54_000, use: 'used' },
  { name: image('web'), kilobytes: 410_000, use: 'used' },
  { name: image('admin'), kilobytes: 390_000, use: 'used' },
  { name: 'docker.io/library/redis:7-alpine', kilobytes: 41_000, use: 'used' },
  { name: 'docker.io/victoriametrics/vmagent:v1.101.0', kilobytes: 23_000, use: 'used' },
  { name: 'docker.io/rancher/mirrored-library-traefik:3.5.1', kilobytes: 230_000, use: 'used' },
  { name: 'docker.io/rancher/mirrored-coredns-coredns:1.12.3', kilobytes: 78_000, use: 'used' },
]

/** What deploys leave: nothing runs it any more. */
export const imagesOfBefore: readonly NodeImage[] = ['api', 'worker', 'web', 'admin'].map((name) => ({
  name: image(name, tags.autoMigrate),
  kilobytes: 400_000,
  use: 'unused',
}))

const idOf = (name: string): string => createHash('sha256').update(name).digest('hex')

const imageLines = (all: readonly NodeImage[]): string =>
  all.map(({ name, kilobytes, use: how }) => `${idOf(name)} ${name} ${kilobytes} ${how}`).join('\n')

const useLines = (all: DiskUse): string =>
  Object.entries(all)
    .map(([what, kilobytes]) => `${what} ${kilobytes}`)
    .join('\n')

/** The files that a node's disk commands answer from. */
export const diskFiles: Readonly<Record<string, string>> = { disk: useLines(use), images: imageLines(images) }

/** What a node's disk holds now. */
export const diskOf = (state: State): DiskUse => {
  const lines = state
    .read('disk')
    .split('\n')
    .map((line) => line.split(' '))
  return { ...use, ...Object.fromEntries(lines.flatMap(([what, kilobytes]) => (what ? [[what, Number(kilobytes)]] : []))) }
}

export const setDisk = (state: State, part: Partial<DiskUse>): void => state.write('disk', `${useLines({ ...diskOf(state), ...part })}\n`)

export const addImages = (state: State, more: readonly NodeImage[]): void =>
  state.write('images', `${state.read('images').trim()}\n${imageLines(more)}\n`)

/** Where a server keeps its snapshots, below its root; the content of each file is its size in kilobytes. */
export const snapshotFolder = 'var/lib/rancher/k3s/server/db/snapshots'

const twelveHours = 43_200

/** The five that k3s keeps of those that it makes at midnight and noon. */
export const scheduledSnapshots = (hostname: string, now: Date): Readonly<Record<string, string>> => {
  const last = Math.floor(now.getTime() / 1000 / twelveHours) * twelveHours
  return Object.fromEntries(
    Array.from({ length: 5 }, (_, i) => [`${snapshotFolder}/etcd-snapshot-${hostname}-${last - i * twelveHours}`, '45056\n']),
  )
}
