import { minutes } from '../../clock.ts'
import { told } from '../../facts/edge/survey.ts'
import { apiNodes } from '../../facts/nodes/api-nodes.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Proof } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import { hasEnded, isDaemon, isReady } from '../../pod-state.ts'
import type { Readers } from '../../systems/systems.ts'
import { through } from './around-reboot.ts'
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

/** Conditions stay as they were while a kubelet is silent: only a report from the machine's own boot counts. */
const inCluster = async (alias: string, name: string, look: Readers<Needs>): Promise<Finding> => {
  const [boot, seen] = await Promise.all([told(look.nodes.boot(alias)), told(look.nodes.facts(alias))])
  if ('because' in boot || 'because' in seen)
    return fails(`${alias} does not answer: ${'because' in boot ? boot.because : 'because' in seen ? seen.because : ''}`)
  const { k3sService } = seen.value
  if (k3sService !== 'active') return fails(`k3s of ${alias} is ${k3sService ?? 'not known to systemd'}`, 'honeydue nodes:status')
  const [node, pods] = await Promise.all([look.kube.get('Node', name), look.kube.pods({ fields: `spec.nodeName=${name}` })])
  if (node === undefined) return fails(`${alias} is no node of the cluster any more`, 'honeydue nodes:status')
  const { bootID = '' } = node.status.nodeInfo
  if (bootID !== '' && bootID !== boot.value.id) return fails(`the kubelet of ${alias} has not reported since it booted`)
  const [own] = apiNodes([node], [])
  const daemons = pods.filter((pod) => isDaemon(pod) && !hasEnded(pod))
  const ready = daemons.filter(isReady).length
  return own === undefined
    ? holds
    : every([
        when(own.ready, `${alias} is NotReady${own.because ? `: ${own.because}` : ''}`, 'honeydue nodes:status'),
        when(!own.conditions.includes('not EtcdIsVoter'), `${alias} is no voter of etcd yet`),
        when(ready === daemons.length, `${ready} of ${daemons.length} daemons of ${alias} are ready`),
      ])
}
