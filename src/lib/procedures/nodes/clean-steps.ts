import { minutes } from '../../clock.ts'
import { timeAndAge } from '../../facts/ages.ts'
import { crowded, imagesGoBelow, journalMegabytes, madeAt } from '../../facts/nodes/disk.ts'
import { bytes } from '../../facts/nodes/quantities.ts'
import { type Finding, when } from '../../plan/finding.ts'
import type { Change, Proof } from '../../plan/procedure.ts'
import type { FileSystem } from '../../systems/nodes/disk-types.ts'
import type { CleanFacts } from './clean-facts.ts'

type Needs = 'nodes' | 'kube'

/** So many images are named; of the others their number is told. */
const named = 4
const leastPercent = Math.round(imagesGoBelow * 100)

/** What is freed, from what weighs most and is missed least on. */
export const cleaning = (facts: CleanFacts): readonly (Change<Needs> | Proof<Needs>)[] => [
  ...(facts.litter.images === undefined ? [] : [prune(facts)]),
  vacuum(facts),
  packages(facts),
  ...(facts.litter.images === undefined || facts.found.snapshots.length === 0 ? [] : [snapshots(facts)]),
  ...(crowded(facts.litter).length === 0 || makesRoom(facts) ? [hasRoom(facts)] : []),
]

/** Whether what goes is enough for the kubelet to leave images alone. All is on one file system as a rule; where it is not, each has its own. */
export const makesRoom = ({ litter: { fileSystems }, found }: CleanFacts): boolean =>
  fileSystems.length === 1 && fileSystems.every((one) => (one.availableBytes + found.bytes) / one.totalBytes >= imagesGoBelow)

const prune = ({ node: { alias }, found: { images } }: CleanFacts): Change<Needs> => {
  const ids = new Set(images.map(({ id }) => id))
  const names = images.map(({ names: [first], id }) => first ?? id.slice(0, 19))
  const more = names.length > named ? ` and ${names.length - named} more` : ''
  const size = images.reduce((sum, one) => sum + one.bytes, 0)
  return {
    title: `Remove images that nothing on ${alias} uses`,
    effect: [
      {
        what: `images on ${alias} that no container uses`,
        before: images.length === 0 ? 'none' : 'there',
        after: 'none',
        ...(images.length > 0 && { count: images.length, note: `${bytes(size)} packed: ${names.slice(0, named).join(', ')}${more}` }),
      },
    ],
    apply: (write) => write.nodes.pruneImages(alias),
    verify: async (look) => {
      const left = ((await look.nodes.litter(alias)).images ?? []).filter(({ id, needed }) => !needed && ids.has(id))
      return when(left.length === 0, `${left.length} of ${ids.size} images are there still`)
    },
    within: minutes(2),
    undo: { impossible: 'an image that was removed is pulled again by the next pod that needs it' },
  }
}

const vacuum = ({ node: { alias }, litter: { journalBytes } }: CleanFacts): Change<Needs> => {
  const most = journalMegabytes * 1024 ** 2
  return {
    title: `Cut the journal of ${alias} to ${journalMegabytes} MB`,
    effect: [
      {
        what: `journal of ${alias}`,
        before: journalBytes > most ? `more than ${journalMegabytes} MB` : 'as large as it may be',
        after: `${journalMegabytes} MB at most`,
        note: `${bytes(journalBytes)} now`,
      },
    ],
    apply: (write) => write.nodes.vacuumJournal(alias, { megabytes: journalMegabytes }),
    verify: async (look) => {
      const now = (await look.nodes.litter(alias)).journalBytes
      return when(now <= most, `the journal of ${alias} takes ${bytes(now)}`)
    },
    undo: { impossible: 'lines of a journal that were removed are nowhere else' },
  }
}

const packages = ({ node: { alias }, found }: CleanFacts): Change<Needs> => ({
  title: `Remove the packages that apt has fetched on ${alias}`,
  effect: [
    {
      what: `apt's cache on ${alias}`,
      before: found.packages > 0 ? 'there' : 'empty',
      after: 'empty',
      ...(found.packages > 0 && { note: `${bytes(found.packages)} now` }),
    },
  ],
  apply: (write) => write.nodes.cleanPackages(alias),
  verify: async (look) => {
    const now = (await look.nodes.litter(alias)).packageBytes
    return when(now < 1024 ** 2, `apt's cache on ${alias} takes ${bytes(now)}`)
  },
  undo: { impossible: 'apt fetches a package again when it is to be installed again' },
})

const snapshots = ({ node: { alias }, found, now }: CleanFacts): Change<Needs> => {
  const names = found.snapshots.map(({ name }) => name)
  return {
    title: `Remove old on-demand snapshots of ${alias}`,
    effect: found.snapshots.map((one) => {
      const at = madeAt(one)
      return {
        what: one.name,
        before: 'there',
        after: 'gone',
        note: `${bytes(one.bytes)}${at ? `, ${timeAndAge(at.toISOString(), now)}` : ''}`,
      }
    }),
    apply: (write) => write.nodes.deleteSnapshots(alias, names),
    verify: async (look): Promise<Finding> => {
      const left = (await look.nodes.litter(alias)).snapshots.filter(({ name }) => names.includes(name))
      return when(left.length === 0, `${left.map(({ name }) => name).join(', ')} is there still`)
    },
    undo: { impossible: 'a snapshot that was removed is nowhere else; newer ones stay' },
  }
}

const hasRoom = ({ node: { alias }, litter }: CleanFacts): Proof<Needs> => ({
  title: `${alias} has ${leastPercent} % of its disk free`,
  ...(crowded(litter).length > 0 && { onlyAfterwards: true }),
  holds: async (look) => {
    const full = crowded(await look.nodes.litter(alias))
    return when(full.length === 0, full.map((one) => freeOf(alias, one)).join('; '), 'honeydue nodes:disk')
  },
  within: minutes(2),
  shows: (prove) => prove.nodes.hasRoom(alias, { percent: leastPercent }),
})

const freeOf = (alias: string, { mountedOn, availableBytes, totalBytes }: FileSystem): string =>
  `${alias} has ${bytes(availableBytes)} of ${bytes(totalBytes)} free on ${mountedOn}`
