import { publishedRanges } from '../edge/ranges.ts'
import type { Client, KubeObject } from '../kubernetes/types.ts'
import { bornAt, k3sVersion, namespace, nodes } from './facts.ts'
import { workload } from './workload.ts'

/** Namespaces, the storage class, and what k3s itself runs. */
export function clusterObjects(): KubeObject[] {
  const system = 'kube-system'
  const { ipv4, ipv6 } = publishedRanges
  return [
    ...['default', system, 'kube-public', 'kube-node-lease', namespace].map(
      (name): KubeObject => ({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name, creationTimestamp: bornAt, labels: { 'kubernetes.io/metadata.name': name } },
        status: { phase: 'Active' },
      }),
    ),
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'local-path', creationTimestamp: bornAt, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'rancher.io/local-path',
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    workload({ name: 'coredns', namespace: system, image: 'rancher/mirrored-coredns-coredns:1.12.3' }),
    workload({ name: 'local-path-provisioner', namespace: system, image: 'rancher/local-path-provisioner:v0.0.31' }),
    workload({ name: 'metrics-server', namespace: system, image: 'rancher/mirrored-metrics-server:v0.8.0' }),
    // One on each node, on the host's network (ch06).
    workload({
      kind: 'DaemonSet',
      name: 'traefik',
      namespace: system,
      image: 'rancher/mirrored-library-traefik:3.5.1',
      port: 443,
      pod: { hostNetwork: true },
      // Whose word about the client's address it takes (ch08).
      container: { args: [`--entryPoints.websecure.forwardedHeaders.trustedIPs=${[...ipv4, ...ipv6].join(',')}`] },
    }),
  ]
}

/** What k3s labels the Nodes of its servers with. */
export const serverRoles = { 'node-role.kubernetes.io/control-plane': 'true', 'node-role.kubernetes.io/etcd': 'true' }

/** Gives the nodes, which their kubelets have registered, the roles, version and system of the deployment's machines. */
export function describeNodes(client: Client): void {
  const machines = { group: '', resource: 'nodes' }
  for (const { hostname } of nodes) {
    client.update(machines, hostname, undefined, (node) => {
      node.metadata.labels = { ...node.metadata.labels, ...serverRoles }
    })
    client.update(
      machines,
      hostname,
      undefined,
      (node) => {
        const status = (node.status ?? {}) as { readonly nodeInfo?: Readonly<Record<string, string>> }
        const info = {
          kubeletVersion: k3sVersion,
          kubeProxyVersion: k3sVersion,
          kernelVersion: '6.8.0-90-generic',
          osImage: 'Ubuntu 24.04.3 LTS',
        }
        node.status = { ...status, nodeInfo: { ...status.nodeInfo, ...info } }
      },
      { manager: 'kubelet', subresource: 'status' },
    )
  }
}
