import { nodes } from '../../sandbox/deployment/facts.ts'
import { evictedLeft, evictedPods } from '../breaks.ts'
import type { Drill, World } from '../drill.ts'

const [, { alias, hostname }] = nodes

/** Of 78 GB: kilobytes that are free, and that the journal has taken. */
const [free, journal] = [3_100_000, 31_000_000]

const freeOf = ({ sandbox }: World): number => Number(sandbox.nodes.node(alias).state.read('disk').split(' ')[0])

/** The journal of one machine filled its disk, and its kubelet throws pods out. */
export const drill: Drill = {
  name: 'disk-full',
  origin: 'a full disk on one node, whose kubelet then evicts pods',
  heard: 'A colleague: "Since last night pods of api are thrown out on one machine, and come up on another. What do they have against it?"',
  hints: ['What do the machines say of themselves? honeydue nodes:status', `What has taken the room? ssh ${alias} du -xhd2 /var`],
  breaks: ({ sandbox }) => {
    sandbox.nodes.node(alias).state.write('disk', `${free} ${journal}\n`)
    evictedPods(sandbox, 2, hostname)
  },
  over: (world) => {
    const now = freeOf(world)
    const left = evictedLeft(world.sandbox)
    return [
      { what: `${alias} has room on its disk`, because: now > 15_000_000 ? undefined : `${Math.round(now / 1e6)} of 78 GB are free` },
      { what: 'No evicted pod is left', because: left === 0 ? undefined : `${left} are` },
    ]
  },
  page: 'nodes:status',
  way: () => [{ hand: `ssh ${alias} sudo journalctl --vacuum-size=200M` }, ['cluster:tidy']],
}
