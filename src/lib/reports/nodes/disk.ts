import { reasonOf } from '../../errors.ts'
import { type Answer, answer } from '../../facts/answer.ts'
import { cleanable, freeShare, journalMegabytes, ofImages, placeWords, taken } from '../../facts/nodes/disk.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import { bytes } from '../../facts/nodes/quantities.ts'
import { optionalArgument } from '../../plan/choice.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import type { DiskPlace, NodeDisk } from '../../systems/nodes/disk-types.ts'
import { diskFindings } from './disk-findings.ts'

/** What takes the room on a node's disk; asked over SSH alone, because a full disk takes the cluster with it. */
export const nodesDisk = defineReport({
  id: 'nodes:disk',
  title: 'Show what fills the disk of a node, and what of it can go',
  needs: ['nodes'],
  choices: { node: optionalArgument({ about: 'alias of the node, as nodes:status shows it; without one, all of them' }) },
  look: async ({ node }, look, { environment, clock }) => {
    const chosen = node === undefined ? environment.nodes : [nodeNamed(environment, node)]
    const found = new Map(await Promise.all(chosen.map(async ({ alias }) => [alias, await answer(look.nodes.disk(alias))] as const)))
    const now = clock.now()
    return {
      findings: diskFindings(found, now),
      tables: [table(found, now)],
      notes: [
        'The kubelet removes images that nobody uses from 85 % on, and evicts pods at 95 %',
        `nodes:clean removes: images no container uses, counted packed; journal above ${journalMegabytes} MB; packages; old on-demand snapshots`,
      ],
      unreachable: [...found.values()].every(({ answered }) => !answered),
      data: { nodes: [...found].map(([alias, one]) => documentOf(alias, one, now)) },
    }
  },
})

const percent = (share: number): string => `${Math.floor(100 * share)} %`

/** One column a node; what takes most on any of them first. */
const table = (nodes: ReadonlyMap<string, Answer<NodeDisk>>, now: Date): Table => {
  const row = (what: string, of: (disk: NodeDisk) => string) => [
    what,
    ...[...nodes.values()].map((one) => (one.answered ? of(one.value) : '?')),
  ]
  const all = [...nodes.values()].flatMap((one) => (one.answered ? [one.value] : []))
  const most = (place: DiskPlace) => Math.max(...all.map(({ places }) => places.get(place) ?? 0))
  const places = (Object.keys(placeWords) as DiskPlace[]).sort((one, other) => most(other) - most(one))
  const mounts = [...new Set(all.flatMap(({ fileSystems }) => fileSystems.map(({ mountedOn }) => mountedOn)))]
  return {
    columns: ['', ...nodes.keys()],
    rows: [
      ...mounts.map((mount) =>
        row(`free on ${mount}`, ({ fileSystems }) => {
          const one = fileSystems.find(({ mountedOn }) => mountedOn === mount)
          return one ? `${bytes(one.availableBytes)} (${percent(freeShare(one))})` : ''
        }),
      ),
      row('inodes free', ({ fileSystems: [{ inodes }] }) => (inodes ? percent(1 - inodes.used / inodes.total) : '')),
      ...places.map((place) => row(placeWords[place], (disk) => sizeOf(disk, place))),
      row('everything else', (disk) => bytes(taken(disk).rest)),
      row('nodes:clean removes', (disk) => bytes(cleanable(disk, now).bytes)),
    ],
  }
}

/** A folder that was not counted is told as such where its disk is large enough for it to matter. */
const sizeOf = ({ places }: NodeDisk, place: DiskPlace): string => {
  const size = places.get(place)
  if (size !== undefined) return bytes(size)
  return place === 'containerd' ? 'too many to count' : ''
}

/** For machines: bytes as they were read. */
const documentOf = (alias: string, found: Answer<NodeDisk>, now: Date) => {
  if (!found.answered) return { alias, answered: false as const, reason: reasonOf(found.error) }
  const { value } = found
  const { images, snapshots, journal, packages, bytes: all } = cleanable(value, now)
  return {
    alias,
    answered: true as const,
    fileSystems: value.fileSystems,
    ofImages: ofImages(value).mountedOn,
    places: Object.fromEntries(value.places),
    rest: taken(value).rest,
    logs: value.logs,
    cleanable: { bytes: all, journal, packages, images: images.map(({ names, bytes: size }) => ({ names, bytes: size })), snapshots },
  }
}
