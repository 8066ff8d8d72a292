import { nodes } from '../../sandbox/deployment/facts.ts'
import { diskOf, setDisk } from '../../sandbox/nodes/disk-state.ts'
import { evictedLeft, evictedPods } from '../breaks.ts'
import type { Drill, World } from '../drill.ts'

const [, { alias, hostname }] = nodes

/** Kilobytes of 78 million that the journal has taken, and that stand in nobody's list. */
const [journal, rest] = [52_000_000, 21_000_000]
const most = 1_000_000

const journalOf = ({ sandbox }: World): number => diskOf(sandbox.nodes.node(alias).state).journal

/** The journal of one machine filled its disk, and its kubelet throws pods out. */
export const drill: Drill = {
  name: 'disk-full',
  origin: 'The disk of one node was full, and its kubelet evicted pods',
  heard: 'A colleague: "Since last night pods of api are thrown out on one machine, and come up on another. What do they have against it?"',
  hints: ['What do the machines say of themselves? honeydue nodes:status', `What has taken the room? honeydue nodes:disk ${alias}`],
  breaks: ({ sandbox }) => {
    setDisk(sandbox.nodes.node(alias).state, { journal, rest })
    evictedPods(sandbox, 2, hostname)
  },
  over: (world) => {
    const now = journalOf(world)
    const left = evictedLeft(world.sandbox)
    return [
      { what: `${alias} has room on its disk`, because: now < most ? undefined : `its journal takes ${Math.round(now / 1e6)} of 78 GB` },
      { what: 'No evicted pod is left', because: left === 0 ? undefined : `${left} are` },
    ]
  },
  page: 'nodes:disk',
  way: () => [['nodes:clean', alias], ['cluster:tidy']],
}
