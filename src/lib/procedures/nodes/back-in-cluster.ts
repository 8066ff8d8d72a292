import { minutes } from '../../clock.ts'
import type { Proof } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import { through } from './around-reboot.ts'
import { inCluster } from './in-cluster.ts'
import type { RebootFacts } from './reboot-facts.ts'

type Needs = 'kube' | 'cloudflare' | 'nodes' | 'http'

const patience = minutes(5)

/** In the new boot k3s is active, its kubelet reports from that boot, etcd counts it as a voter, and its daemons are ready. */
export const isBackInCluster = (facts: RebootFacts): Proof<Needs> => {
  const { node } = facts.drain.edge
  const name = facts.drain.world.node.metadata.name
  return {
    title: `${node.alias} is back: k3s active, Ready, its daemons too`,
    onlyAfterwards: true,
    holds: async (look) => {
      const again = await through(facts, look)
      return again.ok ? inCluster(node.alias, name, look) : again
    },
    within: patience,
    shows: (prove) => both(prove.nodes.k3sActive(node.alias, patience), prove.kube.nodeReady({ node: name, within: patience })),
  }
}
