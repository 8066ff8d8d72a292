import type { NodeSpec } from '../types.ts'
import { type Context, tolerant } from './context.ts'
import { as, core, filled, isActive, isReady, type Pod, pods, podsOf, setStatus, stamp, type Taint, withCondition } from './objects.ts'
import type { Node } from './scheduler.ts'

const leases = { group: 'coordination.k8s.io', resource: 'leases' }
const heartbeat = 10_000
const version = 'v1.32.4+k3s1'
const healthy = [
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
] as const
const lost: readonly Taint[] = [
  { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
]

/** Registers the nodes, renews their leases while they are up, and gives them up when they have been silent for the grace period. */
export function createNodes(context: Context, specs: readonly NodeSpec[]) {
  const { client, after, event, speed } = context
  const downSince = new Map<string, number>()
  const renewed = new Map<string, number>()

  const register = (spec: NodeSpec): void => {
    const { name, address } = spec
    const labels = {
      'beta.kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
    }
    const node =
      client.get(core('nodes'), name) ??
      client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: {} }, { manager: 'kubelet' })
    const status = (node['status'] ?? {}) as Record<string, unknown>
    if (status['conditions']) return
    const size = { cpu: '4', memory: '7900Mi', pods: '110', 'ephemeral-storage': '75Gi' }
    const now = stamp()
    const info = {
      architecture: 'amd64',
      operatingSystem: 'linux',
      kubeletVersion: version,
      kubeProxyVersion: version,
      containerRuntimeVersion: 'containerd://2.0.4-k3s2',
      osImage: 'Ubuntu 24.04 LTS',
      kernelVersion: '6.8.0-60-generic',
      machineID: '',
      systemUUID: '',
      bootID: '',
    }
    const conditions = healthy.map(([type, value, reason, message]) => ({
      type,
      status: value,
      lastHeartbeatTime: now,
      lastTransitionTime: now,
      reason,
      message,
    }))
    setStatus(
      client,
      core('nodes'),
      node,
      {
        capacity: size,
        allocatable: size,
        ...status,
        nodeInfo: { ...info, ...filled((status['nodeInfo'] ?? {}) as Record<string, unknown>) },
        addresses: status['addresses'] ?? [
          { type: 'InternalIP', address },
          { type: 'Hostname', address: name },
        ],
        conditions,
      },
      'kubelet',
    )
  }
  const renew = (name: string): void => {
    if (Date.now() - (renewed.get(name) ?? 0) < heartbeat) return
    renewed.set(name, Date.now())
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: new Date().toISOString().replace('Z', '000Z') }
    tolerant(() => {
      const owner = client.get(core('nodes'), name)
      const ownerReferences = owner ? [{ apiVersion: 'v1', kind: 'Node', name, uid: owner.metadata.uid ?? '' }] : []
      if (!client.get(leases, name, 'kube-node-lease'))
        return client.create(
          { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: 'kube-node-lease', ownerReferences }, spec },
          { manager: 'kubelet' },
        )
      return client.update(leases, name, 'kube-node-lease', (draft) => Object.assign(draft, { spec }), { manager: 'kubelet' })
    })
  }
  const mark = (node: Node, ready: boolean): void => {
    const { name } = node.metadata
    let conditions = node.status.conditions ?? []
    for (const [type, status, reason, message] of healthy) {
      const next = ready
        ? { type, status, reason, message }
        : { type, status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' }
      conditions = withCondition(conditions, next)
    }
    setStatus(client, core('nodes'), node, { ...node.status, conditions }, ready ? 'kubelet' : 'kube-controller-manager')
    client.update(core('nodes'), name, undefined, (draft) => {
      const { spec } = as<Node>(draft)
      const others = (spec.taints ?? []).filter(({ key }) => key !== 'node.kubernetes.io/unreachable')
      const taints = ready ? others : [...others, ...lost.map((taint) => ({ ...taint, timeAdded: stamp() }))]
      if (taints.length > 0) spec.taints = taints
      else delete spec.taints
    })
    event(node, 'Normal', ready ? 'NodeReady' : 'NodeNotReady', `Node ${name} status is now: Node${ready ? '' : 'Not'}Ready`, {
      component: ready ? 'kubelet' : 'node-controller',
      ...(ready ? { host: name } : {}),
    })
  }
  const on = (name: string): Pod[] => podsOf(client, undefined).filter((pod) => pod.spec.nodeName === name)
  const lose = (name: string): void => {
    for (const pod of on(name).filter(isReady)) {
      client.update(
        pods,
        pod.metadata.name,
        pod.metadata.namespace,
        (draft) => {
          const { status } = as<Pod>(draft)
          status.conditions = withCondition(status.conditions, { type: 'Ready', status: 'False', lastProbeTime: null })
        },
        { subresource: 'status' },
      )
      event(pod, 'Warning', 'NodeNotReady', 'Node is not ready', { component: 'node-controller' })
    }
  }
  const evictFrom = (name: string, silent: number): void => {
    for (const pod of on(name).filter(isActive)) {
      const toleration = pod.spec.tolerations?.find(
        ({ key, operator, effect }) =>
          (!effect || effect === 'NoExecute') && (key === 'node.kubernetes.io/unreachable' || (!key && operator === 'Exists')),
      )
      if (toleration && toleration.tolerationSeconds === undefined) continue
      if (silent < speed.nodeGrace + (toleration?.tolerationSeconds ?? 0) * 1000) continue
      event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${pod.metadata.namespace}/${pod.metadata.name}`, {
        component: 'taint-eviction-controller',
      })
      client.delete(pods, pod.metadata.name, pod.metadata.namespace)
    }
  }
  const look = (returned: (name: string) => void): void => {
    for (const spec of specs) {
      const { name } = spec
      const found = client.get(core('nodes'), name)
      if (!found) continue
      const node = as<Node>(found)
      const ready = node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
      if (spec.up()) {
        downSince.delete(name)
        renew(name)
        if (!ready && node.status.conditions) {
          mark(node, true)
          returned(name)
        }
        continue
      }
      const since = downSince.get(name) ?? Date.now()
      downSince.set(name, since)
      if (Date.now() - since < speed.nodeGrace) continue
      if (ready) {
        mark(node, false)
        lose(name)
      }
      evictFrom(name, Date.now() - since)
    }
    after(Math.min(1000, Math.max(20, speed.nodeGrace / 4)), () => look(returned))
  }
  return {
    register: () => specs.forEach(register),
    watch: look,
    isUp: (name: string) => specs.find((spec) => spec.name === name)?.up() ?? false,
    address: (name: string) => specs.find((spec) => spec.name === name)?.address ?? '127.0.0.1',
    forget: () => {
      downSince.clear()
      renewed.clear()
    },
  }
}
export type Nodes = ReturnType<typeof createNodes>
