import type { KubeObject } from '../../types.ts'
import { age, type Cell, type Column, column, list, name, object, spec, status, text, wide } from './column.ts'

const addresses =
  "List of addresses reachable to the node. Queried from cloud provider, if available. More info: https://kubernetes.io/docs/reference/node/node-status/#addresses Note: This field is declared as mergeable, but the merge key is not sufficiently unique, which can cause data corruption when it is merged. Callers should instead use a full-replacement patch. See https://pr.k8s.io/79391 for an example. Consumers should assume that addresses can change during the lifetime of a Node. However, there are some exceptions where this may not be possible, such as Pods that inherit a Node's address in its own status or consumers of the downward API (status.hostIP)."

const address =
  (type: string): Cell =>
  (o) =>
    text(list(status(o)['addresses']).find((one) => one['type'] === type)?.['address'] ?? '<none>')
function nodeStatus(o: KubeObject): string {
  const ready = list(status(o)['conditions']).find((condition) => condition['type'] === 'Ready')
  return `${ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady'}${spec(o)['unschedulable'] === true ? ',SchedulingDisabled' : ''}`
}
const roles: Cell = (o) =>
  Object.keys(o.metadata.labels ?? {})
    .filter((label) => label.startsWith('node-role.kubernetes.io/'))
    .map((label) => label.split('/')[1])
    .sort()
    .join(',') || '<none>'

export const nodes: Readonly<Record<string, readonly Column[]>> = {
  Node: [
    name,
    column('Status', nodeStatus, 'The status of the node'),
    column('Roles', roles, 'The roles of the node'),
    age,
    column('Version', (o) => text(object(status(o)['nodeInfo'])['kubeletVersion']), 'Kubelet Version reported by the node.'),
    wide('Internal-IP', address('InternalIP'), addresses),
    wide('External-IP', address('ExternalIP'), addresses),
    wide(
      'OS-Image',
      (o) => text(object(status(o)['nodeInfo'])['osImage'] || '<unknown>'),
      'OS Image reported by the node from /etc/os-release (e.g. Debian GNU/Linux 7 (wheezy)).',
    ),
    wide(
      'Kernel-Version',
      (o) => text(object(status(o)['nodeInfo'])['kernelVersion'] || '<unknown>'),
      "Kernel Version reported by the node from 'uname -r' (e.g. 3.16.0-0.bpo.4-amd64).",
    ),
    wide(
      'Container-Runtime',
      (o) => text(object(status(o)['nodeInfo'])['containerRuntimeVersion'] || '<unknown>'),
      'ContainerRuntime Version reported by the node through runtime remote API (e.g. containerd://1.4.2).',
    ),
  ],
}
