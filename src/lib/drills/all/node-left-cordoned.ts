import { nodes } from '../../sandbox/deployment/facts.ts'
import { oneOf } from '../breaks.ts'
import type { Drill } from '../drill.ts'

/** A cordon that nobody took away. */
export const drill: Drill = {
  name: 'node-left-cordoned',
  origin: 'A node had been cordoned for work, and was forgotten',
  heard: 'A colleague: "I wanted to scale web up for the campaign, and the new pods all went to two of the three machines."',
  hints: ['What do the nodes say of themselves? honeydue nodes:status', 'A node that is cordoned takes no new pods'],
  breaks: (world) => {
    const { hostname } = oneOf(world, nodes)
    world.sandbox.kubernetes.client.update({ group: '', resource: 'nodes' }, hostname, undefined, (draft) => {
      draft.spec = { ...(draft.spec as object), unschedulable: true }
    })
  },
  page: 'nodes:uncordon',
  way: ({ sandbox: { kubernetes } }) =>
    nodes
      .filter(
        ({ hostname }) =>
          ((kubernetes.client.get({ group: '', resource: 'nodes' }, hostname)?.['spec'] ?? {}) as { unschedulable?: boolean })
            .unschedulable,
      )
      .map(({ alias }) => ['nodes:uncordon', alias]),
}
