import type { NodeSpec } from '../kubernetes/types.ts'
import type { NodesSandbox } from '../nodes/nodes.ts'
import { serverRoles } from './cluster.ts'

/** The machines as Kubernetes has them: each with the kubelet that its k3s runs. */
export const kubeletsOf = ({ nodes, isMember }: Pick<NodesSandbox, 'nodes' | 'isMember'>): readonly NodeSpec[] =>
  nodes.map((node) => ({
    name: node.hostname,
    get address() {
      return node.address
    },
    joins: () => isMember(node.alias),
    labels: serverRoles,
    // A machine that is up and whose k3s is stopped reports nothing; its containers go on.
    up: () => node.up() && node.state.read('services/k3s').trim() === 'active',
    boot: () => node.boot(),
    version: () => node.state.read('k3s-running').trim(),
  }))
