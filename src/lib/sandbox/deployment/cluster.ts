import type { KubeObject } from '../kubernetes/types.ts'
import { bornAt, k3sVersion, namespace, nodes } from './facts.ts'
import { workload } from './workload.ts'

/** Namespaces, the three nodes, and what k3s itself runs. */
export function clusterObjects(): KubeObject[] {
  const system = 'kube-system'
  return [
    ...['default', system, 'kube-public', 'kube-node-lease', namespace].map(
      (name): KubeObject => ({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name, creationTimestamp: bornAt, labels: { 'kubernetes.io/metadata.name': name } },
        status: { phase: 'Active' },
      }),
    ),
    ...nodes.map(node),
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
    }),
  ]
}

function node({ hostname, address }: (typeof nodes)[number]): KubeObject {
  const size = { cpu: '4', memory: '7937Mi', pods: '110', 'ephemeral-storage': '78620Mi' }
  const condition = (type: string, status: string, reason: string) => ({
    type,
    status,
    reason,
    message: reason,
    lastHeartbeatTime: bornAt,
    lastTransitionTime: bornAt,
  })
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: hostname,
      creationTimestamp: bornAt,
      labels: {
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': hostname,
        'kubernetes.io/os': 'linux',
        'node-role.kubernetes.io/control-plane': 'true',
        'node-role.kubernetes.io/etcd': 'true',
      },
    },
    spec: { podCIDR: `10.42.${hostname.at(-1)}.0/24`, providerID: `k3s://${hostname}` },
    status: {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: hostname },
      ],
      capacity: size,
      allocatable: size,
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
        condition('Ready', 'True', 'KubeletReady'),
      ],
      nodeInfo: {
        architecture: 'amd64',
        operatingSystem: 'linux',
        kernelVersion: '6.8.0-90-generic',
        osImage: 'Ubuntu 24.04.3 LTS',
        kubeletVersion: k3sVersion,
        kubeProxyVersion: k3sVersion,
        containerRuntimeVersion: 'containerd://2.1.5-k3s1.34',
        machineID: '',
        systemUUID: '',
        bootID: '',
      },
    },
  }
}
