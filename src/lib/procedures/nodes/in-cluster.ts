import { told } from '../../facts/edge/survey.ts'
import { apiNodes } from '../../facts/nodes/api-nodes.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { hasEnded, isDaemon, isReady } from '../../pod-state.ts'
import type { Readers } from '../../systems/systems.ts'

/** k3s is active, its kubelet reports, etcd counts it, and its daemons are ready. Conditions stay as they were while a kubelet is silent: only a report from the machine's own boot counts. */
export const inCluster = async (alias: string, name: string, look: Readers<'kube' | 'nodes'>): Promise<Finding> => {
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
