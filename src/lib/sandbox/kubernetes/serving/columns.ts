import { isJson, type Json } from '../schema/json.ts'
import { selectorText } from '../selectors.ts'
import type { KubeObject } from '../types.ts'

/** A column of a kind's table: what it is called, what it means, what stands in it. Priority 1 shows with `-o wide` only. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date'
  readonly description: string
  readonly wide?: boolean
  readonly cell: (object: KubeObject, age: (time: unknown) => string) => string | number | null
}

const object = (value: unknown): Json => (isJson(value) ? value : {})
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : [])
const spec = (o: KubeObject) => object(o['spec'])
const status = (o: KubeObject) => object(o['status'])
const text = (value: unknown) => String(value ?? '')
const count = (value: unknown) => Number(value ?? 0)
const orNone = (value: unknown) => (value === undefined || value === null || value === '' ? '<none>' : String(value))

type Cell = Column['cell']
const column = (name: string, cell: Cell, description = '', extra: { wide?: boolean; type?: Column['type'] } = {}): Column => ({
  name,
  type: extra.type ?? 'string',
  description,
  cell,
  ...(extra.wide ? { wide: true } : {}),
})
const wide = (name: string, cell: Cell, description = '') => column(name, cell, description, { wide: true })
const integer = (name: string, cell: Cell, description = '') => column(name, cell, description, { type: 'integer' })

const name = column(
  'Name',
  (o) => o.metadata.name,
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
)
const created =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata'
const age = column('Age', (o, since) => since(o.metadata.creationTimestamp), created)
const createdAt = column('Created At', (o) => text(o.metadata.creationTimestamp), created, { type: 'date' })

const containers = (o: KubeObject) => list(object(object(spec(o)['template'])['spec'])['containers'])
const pair = [
  wide(
    'Containers',
    (o) =>
      containers(o)
        .map((c) => c['name'])
        .join(','),
    'Names of each container in the template.',
  ),
  wide(
    'Images',
    (o) =>
      containers(o)
        .map((c) => c['image'])
        .join(','),
    'Images referenced by each container in the template.',
  ),
]
const selector = (description: string) => wide('Selector', (o) => selectorText(spec(o)['selector']) || '<none>', description)

const podIP = 'podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.'
const nodeName =
  'NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate for scheduling by the scheduler defined in schedulerName. Once this field is set, the kubelet for this node becomes responsible for the lifecycle of this pod. This field should not be used to express a desire for the pod to be scheduled on a specific node. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename'
const nominated =
  'nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away as preemption victims receive their graceful termination periods. This field does not guarantee that the pod will be scheduled on this node. Scheduler may decide to place the pod elsewhere if other nodes become available sooner. Scheduler may also decide to give the resources on this node to a higher priority pod that is created after preemption. As a result, this field may be different than PodSpec.nodeName when the pod is scheduled.'
const gates =
  'If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all its containers are ready AND all conditions specified in the readiness gates have status equal to "True" More info: https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates'
const addresses =
  "List of addresses reachable to the node. Queried from cloud provider, if available. More info: https://kubernetes.io/docs/reference/node/node-status/#addresses Note: This field is declared as mergeable, but the merge key is not sufficiently unique, which can cause data corruption when it is merged. Callers should instead use a full-replacement patch. See https://pr.k8s.io/79391 for an example. Consumers should assume that addresses can change during the lifetime of a Node. However, there are some exceptions where this may not be possible, such as Pods that inherit a Node's address in its own status or consumers of the downward API (status.hostIP)."

const isTrue = (o: KubeObject, type: string) =>
  list(status(o)['conditions']).some((condition) => condition['type'] === type && condition['status'] === 'True')
const sidecars = (o: KubeObject) =>
  new Set(
    list(spec(o)['initContainers'])
      .filter((c) => c['restartPolicy'] === 'Always')
      .map((c) => c['name']),
  )
const ending = (terminated: Json): string =>
  text(terminated['reason']) || (terminated['signal'] ? `Signal:${text(terminated['signal'])}` : `ExitCode:${text(terminated['exitCode'])}`)

/** What the first init container that is not done keeps the pod from; undefined when none does. */
function initializing(o: KubeObject): string | undefined {
  const beside = sidecars(o)
  const all = list(status(o)['initContainerStatuses'])
  for (const [at, container] of all.entries()) {
    const { waiting, terminated } = object(container['state'])
    if (isJson(terminated) && terminated['exitCode'] === 0) continue
    if (beside.has(container['name']) && container['started'] === true) continue
    if (isJson(terminated)) return `Init:${ending(terminated)}`
    const reason = isJson(waiting) ? text(waiting['reason']) : ''
    return reason !== '' && reason !== 'PodInitializing' ? `Init:${reason}` : `Init:${at}/${list(spec(o)['initContainers']).length}`
  }
  return undefined
}

/** One word for the state of a pod, as `kubectl get pods` shows it. */
function podStatus(o: KubeObject): string {
  const phase = text(status(o)['phase'])
  let reason = initializing(o) ?? text(status(o)['reason'] || phase)
  if (initializing(o) === undefined || isTrue(o, 'Initialized')) {
    let running = false
    for (const container of list(status(o)['containerStatuses']).reverse()) {
      const { waiting, terminated } = object(container['state'])
      if (isJson(waiting) && waiting['reason']) reason = text(waiting['reason'])
      else if (isJson(terminated)) reason = ending(terminated)
      else if (container['ready'] === true) running = true
    }
    if (reason === 'Completed' && running) reason = isTrue(o, 'Ready') ? 'Running' : 'NotReady'
  }
  if (!o.metadata.deletionTimestamp) return reason
  if (status(o)['reason'] === 'NodeLost') return 'Unknown'
  return phase === 'Succeeded' || phase === 'Failed' ? reason : 'Terminating'
}
function restarts(o: KubeObject, since: (time: unknown) => string): string {
  const beside = sidecars(o)
  const inits = list(status(o)['initContainerStatuses'])
  const busy = initializing(o) !== undefined && !isTrue(o, 'Initialized')
  const all = busy ? inits : [...inits.filter((c) => beside.has(c['name'])), ...list(status(o)['containerStatuses'])]
  const total = all.reduce((sum, container) => sum + count(container['restartCount']), 0)
  const last = all
    .map((container) => object(object(container['lastState'])['terminated'])['finishedAt'])
    .filter((time) => typeof time === 'string')
    .sort()
    .at(-1)
  return total > 0 && last !== undefined ? `${total} (${since(last)} ago)` : String(total)
}
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
const ports: Cell = (o) =>
  list(spec(o)['ports'])
    .map((port) => `${text(port['port'])}${port['nodePort'] ? `:${text(port['nodePort'])}` : ''}/${text(port['protocol'])}`)
    .join(',') || '<none>'
const duration = (from: unknown, to: unknown, since: (time: unknown) => string): string => {
  if (typeof from !== 'string') return ''
  return typeof to === 'string' ? humanDuration(Date.parse(to) - Date.parse(from)) : since(from)
}

/** Milliseconds as Kubernetes writes ages: 45s, 3m20s, 5h12m, 3d4h. */
export function humanDuration(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  const two = (big: number, bigUnit: string, small: number, smallUnit: string) =>
    small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`
  const [m, h, d] = [Math.floor(s / 60), Math.floor(s / 3600), Math.floor(s / 86400)]
  if (s < 120) return `${s}s`
  if (m < 10) return two(m, 'm', s % 60, 's')
  if (m < 180) return `${m}m`
  if (h < 8) return two(h, 'h', m % 60, 'm')
  if (h < 48) return `${h}h`
  if (h < 192) return two(d, 'd', h % 24, 'h')
  if (d < 730) return `${d}d`
  const y = Math.floor(d / 365)
  return d < 365 * 8 ? two(y, 'y', d % 365, 'd') : `${y}y`
}

const jobStatus: Cell = (o) => {
  const is = (type: string) =>
    list(status(o)['conditions']).some((condition) => condition['type'] === type && condition['status'] === 'True')
  return is('Complete')
    ? 'Complete'
    : is('Failed')
      ? 'Failed'
      : o.metadata.deletionTimestamp
        ? 'Terminating'
        : is('Suspended')
          ? 'Suspended'
          : is('FailureTarget')
            ? 'FailureTarget'
            : is('SuccessCriteriaMet')
              ? 'SuccessCriteriaMet'
              : 'Running'
}
const roleRef: Cell = (o) => `${text(object(o['roleRef'])['kind'])}/${text(object(o['roleRef'])['name'])}`
const lastSeen: Cell = (o, since) =>
  since(object(o['series'])['lastObservedTime'] ?? o['lastTimestamp'] ?? o['firstTimestamp'] ?? o['eventTime'])
const sets = [
  name,
  integer('Desired', (o) => count(spec(o)['replicas'])),
  integer('Current', (o) => count(status(o)['replicas'])),
  integer('Ready', (o) => count(status(o)['readyReplicas'])),
  age,
  ...pair,
  selector(''),
]

const columns: Readonly<Record<string, readonly Column[]>> = {
  EndpointSlice: [
    name,
    column('AddressType', (o) => text(o['addressType'])),
    column(
      'Ports',
      (o) =>
        list(o['ports'])
          .map((port) => text(port['port']))
          .join(',') || '<unset>',
    ),
    column(
      'Endpoints',
      (o) =>
        list(o['endpoints'])
          .flatMap((one) => (Array.isArray(one['addresses']) ? one['addresses'] : []))
          .slice(0, 3)
          .join(',') || '<unset>',
    ),
    age,
  ],
  StorageClass: [
    column(
      'Name',
      (o) => `${o.metadata.name}${o.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true' ? ' (default)' : ''}`,
    ),
    column('Provisioner', (o) => text(o['provisioner'])),
    column('ReclaimPolicy', (o) => text(o['reclaimPolicy'])),
    column('VolumeBindingMode', (o) => text(o['volumeBindingMode'])),
    column('AllowVolumeExpansion', (o) => String(o['allowVolumeExpansion'] === true)),
    age,
  ],
  PersistentVolume: [
    name,
    column('Capacity', (o) => text(object(spec(o)['capacity'])['storage'])),
    column('Access Modes', (o) => modes(spec(o)['accessModes'])),
    column('Reclaim Policy', (o) => text(spec(o)['persistentVolumeReclaimPolicy'])),
    column('Status', (o) => (o.metadata.deletionTimestamp ? 'Terminating' : text(status(o)['phase']))),
    column('Claim', (o) => [object(spec(o)['claimRef'])['namespace'], object(spec(o)['claimRef'])['name']].filter(Boolean).join('/')),
    column('StorageClass', (o) => text(spec(o)['storageClassName'])),
    column('VolumeAttributesClass', () => '<unset>'),
    column('Reason', (o) => text(status(o)['reason'])),
    age,
    wide('VolumeMode', (o) => text(spec(o)['volumeMode'] ?? 'Filesystem')),
  ],
  Pod: [
    name,
    column(
      'Ready',
      (o) => {
        const beside = sidecars(o)
        const all = [
          ...list(status(o)['initContainerStatuses']).filter((c) => beside.has(c['name'])),
          ...list(status(o)['containerStatuses']),
        ]
        const ready = all.filter((c) => c['ready'] === true && object(c['state'])['terminated'] === undefined)
        return `${ready.length}/${list(spec(o)['containers']).length + beside.size}`
      },
      'The aggregate readiness state of this pod for accepting traffic.',
    ),
    column('Status', podStatus, 'The aggregate status of the containers in this pod.'),
    column(
      'Restarts',
      restarts,
      'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    ),
    age,
    wide('IP', (o) => orNone(status(o)['podIP']), podIP),
    wide('Node', (o) => orNone(spec(o)['nodeName']), nodeName),
    wide('Nominated Node', (o) => orNone(status(o)['nominatedNodeName']), nominated),
    wide('Readiness Gates', () => '<none>', gates),
  ],
  Deployment: [
    name,
    column('Ready', (o) => `${count(status(o)['readyReplicas'])}/${count(spec(o)['replicas'])}`, 'Number of the pod with ready state'),
    column(
      'Up-to-date',
      (o) => count(status(o)['updatedReplicas']),
      'Total number of non-terminated pods targeted by this deployment that have the desired template spec.',
    ),
    column(
      'Available',
      (o) => count(status(o)['availableReplicas']),
      'Total number of available pods (ready for at least minReadySeconds) targeted by this deployment.',
    ),
    age,
    ...pair,
    selector('Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment.'),
  ],
  ReplicaSet: sets,
  StatefulSet: [name, column('Ready', (o) => `${count(status(o)['readyReplicas'])}/${count(spec(o)['replicas'])}`), age, ...pair],
  DaemonSet: [
    name,
    integer('Desired', (o) => count(status(o)['desiredNumberScheduled'])),
    integer('Current', (o) => count(status(o)['currentNumberScheduled'])),
    integer('Ready', (o) => count(status(o)['numberReady'])),
    integer('Up-to-date', (o) => count(status(o)['updatedNumberScheduled'])),
    integer('Available', (o) => count(status(o)['numberAvailable'])),
    column(
      'Node Selector',
      (o) => selectorText({ matchLabels: object(object(object(spec(o)['template'])['spec'])['nodeSelector']) }) || '<none>',
    ),
    age,
    ...pair,
    selector(''),
  ],
  Job: [
    name,
    column('Status', jobStatus),
    column('Completions', (o) => `${count(status(o)['succeeded'])}/${text(spec(o)['completions'] ?? spec(o)['parallelism'] ?? 1)}`),
    column('Duration', (o, since) => duration(status(o)['startTime'], status(o)['completionTime'], since)),
    age,
    ...pair,
    selector(''),
  ],
  CronJob: [
    name,
    column('Schedule', (o) => text(spec(o)['schedule'])),
    column('Timezone', (o) => orNone(spec(o)['timeZone'])),
    column('Suspend', (o) => (spec(o)['suspend'] === true ? 'True' : 'False')),
    integer('Active', (o) => list(status(o)['active']).length),
    column('Last Schedule', (o, since) => (status(o)['lastScheduleTime'] ? since(status(o)['lastScheduleTime']) : '<none>')),
    age,
  ],
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
  ConfigMap: [
    name,
    column(
      'Data',
      (o) => Object.keys(object(o['data'])).length + Object.keys(object(o['binaryData'])).length,
      "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in Data must not overlap with the keys in the BinaryData field, this is enforced during validation process.",
    ),
    age,
  ],
  Secret: [name, column('Type', (o) => text(o['type'])), column('Data', (o) => Object.keys(object(o['data'])).length), age],
  Service: [
    name,
    column('Type', (o) => text(spec(o)['type'])),
    column('Cluster-IP', (o) => orNone(spec(o)['clusterIP'])),
    column('External-IP', (o) =>
      spec(o)['type'] === 'ExternalName'
        ? text(spec(o)['externalName'])
        : spec(o)['type'] === 'LoadBalancer'
          ? list(object(status(o)['loadBalancer'])['ingress'])
              .map((one) => one['ip'])
              .join(',') || '<pending>'
          : '<none>',
    ),
    column('Port(s)', ports),
    age,
    wide('Selector', (o) => selectorText({ matchLabels: object(spec(o)['selector']) }) || '<none>'),
  ],
  Namespace: [name, column('Status', (o) => text(status(o)['phase'])), age],
  Event: [
    column('Last Seen', lastSeen),
    column('Type', (o) => text(o['type'])),
    column('Reason', (o) => text(o['reason'])),
    column('Object', (o) => `${text(object(o['involvedObject'])['kind']).toLowerCase()}/${text(object(o['involvedObject'])['name'])}`),
    wide('Subobject', (o) => text(object(o['involvedObject'])['fieldPath'])),
    wide('Source', (o) =>
      [object(o['source'])['component'] ?? o['reportingComponent'], object(o['source'])['host']].filter(Boolean).join(', '),
    ),
    column('Message', (o) => text(o['message']).trim()),
    wide('First Seen', (o, since) => since(o['firstTimestamp'] ?? o['eventTime'])),
    wide('Count', (o) => count(o['count'] ?? 1)),
    wide('Name', (o) => o.metadata.name),
  ],
  PersistentVolumeClaim: [
    name,
    column('Status', (o) => (o.metadata.deletionTimestamp ? 'Terminating' : text(status(o)['phase']))),
    column('Volume', (o) => text(spec(o)['volumeName'])),
    column('Capacity', (o) => text(object(status(o)['capacity'])['storage'])),
    column('Access Modes', (o) => modes(spec(o)['volumeName'] ? status(o)['accessModes'] : undefined)),
    column('StorageClass', (o) => text(spec(o)['storageClassName'])),
    column('VolumeAttributesClass', () => '<unset>'),
    age,
    wide('VolumeMode', (o) => text(spec(o)['volumeMode'])),
  ],
  PodDisruptionBudget: [
    name,
    column('Min Available', (o) => text(spec(o)['minAvailable'] ?? 'N/A')),
    column('Max Unavailable', (o) => text(spec(o)['maxUnavailable'] ?? 'N/A')),
    integer('Allowed Disruptions', (o) => count(status(o)['disruptionsAllowed'])),
    age,
  ],
  Lease: [name, column('Holder', (o) => text(spec(o)['holderIdentity'])), age],
  ServiceAccount: [name, column('Secrets', (o) => list(o['secrets']).length), age],
  Endpoints: [
    name,
    column(
      'Endpoints',
      (o) =>
        list(o['subsets'])
          .flatMap((set) =>
            list(set['addresses']).flatMap((one) => list(set['ports']).map((port) => `${text(one['ip'])}:${text(port['port'])}`)),
          )
          .slice(0, 3)
          .join(',') || '<none>',
    ),
    age,
  ],
  Role: [name, createdAt],
  ClusterRole: [name, createdAt],
  RoleBinding: [name, column('Role', roleRef), age],
  ClusterRoleBinding: [name, column('Role', roleRef), age],
  Ingress: [
    name,
    column('Class', (o) => orNone(spec(o)['ingressClassName'])),
    column(
      'Hosts',
      (o) =>
        list(spec(o)['rules'])
          .map((rule) => rule['host'])
          .filter(Boolean)
          .join(',') || '*',
    ),
    column('Address', (o) =>
      list(object(status(o)['loadBalancer'])['ingress'])
        .map((one) => one['ip'])
        .join(','),
    ),
    column('Ports', (o) => (list(spec(o)['tls']).length > 0 ? '80, 443' : '80')),
    age,
  ],
  NetworkPolicy: [name, column('Pod-Selector', (o) => selectorText(spec(o)['podSelector']) || '<none>'), age],
}
function modes(value: unknown): string {
  const shortNames: Readonly<Record<string, string>> = {
    ReadWriteOnce: 'RWO',
    ReadOnlyMany: 'ROX',
    ReadWriteMany: 'RWX',
    ReadWriteOncePod: 'RWOP',
  }
  return Array.isArray(value) ? value.map((mode) => shortNames[String(mode)] ?? String(mode)).join(',') : ''
}

export const columnsOf = (kind: string): readonly Column[] => columns[kind] ?? [name, createdAt]
