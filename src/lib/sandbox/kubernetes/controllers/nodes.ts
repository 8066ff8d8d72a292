import type { NodeSpec } from '../types.ts'
import { type Context, tolerant } from './context.ts'
import { as, type Condition, core, filled, setStatus, stamp, withCondition } from './objects.ts'
import type { Node } from './scheduler.ts'

const leases = { group: 'coordination.k8s.io', resource: 'leases' }
const heartbeat = 10_000
const version = 'v1.34.6+k3s1'
const healthy = [
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
] as const
/** What the kubelets say of their nodes: registers them, renews their leases while they are up, and reports them well when they are back. */
export function createNodes(context: Context, specs: readonly NodeSpec[]) {
  const { client, after, event, speed } = context
  const renewed = new Map<string, number>()

  const register = (spec: NodeSpec): void => {
    const { name, address } = spec
    const labels = {
      'beta.kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      ...spec.labels,
    }
    const annotations = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' }
    const node =
      client.get(core('nodes'), name) ??
      client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels, annotations }, spec: {} }, { manager: 'kubelet' })
    const status = (node['status'] ?? {}) as Record<string, unknown>
    if (status['conditions']) return
    const size = { cpu: '4', memory: '7900Mi', pods: '110', 'ephemeral-storage': '75Gi' }
    const now = stamp()
    const info = {
      architecture: 'amd64',
      operatingSystem: 'linux',
      kubeletVersion: spec.version?.() ?? version,
      kubeProxyVersion: spec.version?.() ?? version,
      containerRuntimeVersion: 'containerd://2.0.4-k3s2',
      osImage: 'Ubuntu 24.04 LTS',
      kernelVersion: '6.8.0-60-generic',
      machineID: '',
      systemUUID: '',
      bootID: spec.boot?.() ?? '',
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
  const recovered = (node: Node): void => {
    const { name } = node.metadata
    const conditions = healthy.reduce(
      (all: readonly Condition[] | undefined, [type, status, reason, message]) => withCondition(all, { type, status, reason, message }),
      node.status.conditions,
    )
    setStatus(client, core('nodes'), node, { ...node.status, conditions }, 'kubelet')
    event(node, 'Normal', 'NodeReady', `Node ${name} status is now: NodeReady`, { component: 'kubelet', host: name })
  }
  const bootOf = ({ status }: Node): string => (status as { readonly nodeInfo?: { readonly bootID?: string } }).nodeInfo?.bootID ?? ''
  /** The first report of a kubelet after a boot: which one, and that nothing can run yet. */
  const begins = (node: Node, bootID: string): void => {
    const message = '[container runtime status check may not have completed yet]'
    const conditions = withCondition(node.status.conditions, { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message })
    const { nodeInfo } = node.status as { readonly nodeInfo?: object }
    setStatus(client, core('nodes'), node, { ...node.status, conditions, nodeInfo: { ...nodeInfo, bootID } }, 'kubelet')
    event(node, 'Normal', 'Rebooted', `Node ${node.metadata.name} has been rebooted, boot id: ${bootID}`, {
      component: 'kubelet',
      host: node.metadata.name,
    })
  }
  /** A kubelet that was started anew says which one it is. */
  const tellVersion = (node: Node, now: string | undefined): boolean => {
    const { nodeInfo } = node.status as { readonly nodeInfo?: { readonly kubeletVersion?: string } }
    if (!now || nodeInfo?.kubeletVersion === undefined || nodeInfo.kubeletVersion === now) return false
    setStatus(
      client,
      core('nodes'),
      node,
      { ...node.status, nodeInfo: { ...nodeInfo, kubeletVersion: now, kubeProxyVersion: now } },
      'kubelet',
    )
    return true
  }
  const look = (returned: (name: string) => void, rebooted: (name: string) => void): void => {
    for (const spec of specs) {
      const { name, up, boot, version: running } = spec
      const found = client.get(core('nodes'), name)
      if (!found && up() && spec.joins?.()) {
        register(spec)
        const made = client.get(core('nodes'), name)
        if (made) begins(as<Node>(made), boot?.() ?? '')
        rebooted(name)
        continue
      }
      if (!found || !up()) continue
      renew(name)
      const node = as<Node>(found)
      const now = boot?.() ?? bootOf(node)
      if (now !== bootOf(node) && node.status.conditions) {
        begins(node, now)
        rebooted(name)
        continue
      }
      if (tellVersion(node, running?.())) continue
      const ready = node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
      if (ready || !node.status.conditions) continue
      recovered(node)
      returned(name)
    }
    after(Math.min(1000, Math.max(20, speed.nodeGrace / 4)), () => look(returned, rebooted))
  }
  return {
    register: () => specs.forEach(register),
    watch: look,
    /** Played by us: whether it is up is known at once, and by no lease. */
    plays: (name: string) => specs.some((spec) => spec.name === name),
    isUp: (name: string) => specs.find((spec) => spec.name === name)?.up() ?? false,
    address: (name: string) => specs.find((spec) => spec.name === name)?.address ?? '127.0.0.1',
    forget: () => renewed.clear(),
  }
}
export type Nodes = ReturnType<typeof createNodes>
