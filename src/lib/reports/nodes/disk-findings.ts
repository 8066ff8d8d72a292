import type { Answer } from '../../facts/answer.ts'
import { cleanable, crowded, freeShare, placeWords, podsGoBelow, taken } from '../../facts/nodes/disk.ts'
import { bytes } from '../../facts/nodes/quantities.ts'
import { silentNode } from '../../facts/nodes/silent.ts'
import { asRootOn } from '../../node-lines.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import type { NodeDisk } from '../../systems/nodes/disk-types.ts'

const gigabyte = 1e9
/** More than journald takes by itself, and more than the kubelet's rotation leaves of a few dozen containers. */
const much = { journal: 4.5 * gigabyte, syslog: 4 * gigabyte, logs: 2 * gigabyte }
const fewInodes = 0.1

/** What fills up, worst first. */
export const diskFindings = (nodes: ReadonlyMap<string, Answer<NodeDisk>>, now: Date): readonly Observation[] => {
  const found = [...nodes].flatMap(([alias, one]) => (one.answered ? ofNode(alias, one.value, now) : [silentNode(alias, one.error)]))
  return worstFirst(found)
}

/** The command that helps: cleaning, where there is something to clean, else a look at what nobody's list has. */
const cure = (alias: string, disk: NodeDisk, now: Date): string =>
  cleanable(disk, now).bytes > gigabyte / 10 ? sh`honeydue nodes:clean ${alias} --dry-run` : asRootOn(alias, sh`du -xhd2 /`)

const ofNode = (alias: string, disk: NodeDisk, now: Date): readonly Observation[] => [
  ...full(alias, disk, now),
  ...inodes(alias, disk),
  // Of a full one, what takes most is said already.
  ...(crowded(disk).length > 0 ? [] : large(alias, disk)),
  ...(disk.images === undefined
    ? [
        {
          level: 'warning' as const,
          text: `containerd of ${alias} does not say which images it has`,
          next: asRootOn(alias, sh`k3s crictl images`),
        },
      ]
    : []),
]

const full = (alias: string, disk: NodeDisk, now: Date): readonly Observation[] => {
  const { places, rest } = taken(disk)
  const [first] = [...places.map(([place, size]) => [placeWords[place], size] as const), ['everything else', rest] as const].sort(
    ([, one], [, other]) => other - one,
  )
  return crowded(disk).map((one) => ({
    level: 'wrong',
    text: `${alias} has ${bytes(one.availableBytes)} of ${bytes(one.totalBytes)} free on ${one.mountedOn}: ${
      freeShare(one) < podsGoBelow ? 'its kubelet evicts pods' : 'its kubelet removes images'
    }. What takes most: ${first?.[0]}, ${bytes(first?.[1] ?? 0)}`,
    next: cure(alias, disk, now),
  }))
}

const inodes = (alias: string, { fileSystems }: NodeDisk): readonly Observation[] =>
  fileSystems.flatMap(({ mountedOn, inodes: counted }) =>
    counted && counted.used > counted.total * (1 - fewInodes)
      ? [
          {
            level: 'wrong',
            text: `${alias} has ${Math.floor(100 * (1 - counted.used / counted.total))} % of its inodes free on ${mountedOn}: no file can be made when there are none, whatever room is left`,
            next: asRootOn(alias, sh`du -x --inodes -d2 /var`),
          },
        ]
      : [],
  )

const large = (alias: string, { places, logs }: NodeDisk): readonly Observation[] => {
  const [loudest] = logs
  const nexts = {
    journal: sh`honeydue nodes:clean ${alias} --dry-run`,
    syslog: asRootOn(alias, sh`du -xhd1 /var/log`),
    logs: loudest ? sh`honeydue logs ${loudest.pod.split('/')[1] ?? ''}` : asRootOn(alias, sh`du -xhd1 /var/log/pods`),
  }
  return (['journal', 'logs', 'syslog'] as const).flatMap((place) => {
    const size = places.get(place) ?? 0
    const most = place === 'logs' && loudest ? `; most is of ${loudest.pod}, ${bytes(loudest.bytes)}` : ''
    return size < much[place]
      ? []
      : [{ level: 'warning', text: `${alias}: ${placeWords[place]}, ${bytes(size)}${most}`, next: nexts[place] }]
  })
}
