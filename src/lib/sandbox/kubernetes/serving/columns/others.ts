import { selectorText } from '../../selectors.ts'
import { age, type Cell, type Column, column, count, createdAt, list, name, object, orNone, spec, status, text, wide } from './column.ts'

const ports: Cell = (o) =>
  list(spec(o)['ports'])
    .map((port) => `${text(port['port'])}${port['nodePort'] ? `:${text(port['nodePort'])}` : ''}/${text(port['protocol'])}`)
    .join(',') || '<none>'
const roleRef: Cell = (o) => `${text(object(o['roleRef'])['kind'])}/${text(object(o['roleRef'])['name'])}`
const lastSeen: Cell = (o, since) =>
  since(object(o['series'])['lastObservedTime'] ?? o['lastTimestamp'] ?? o['firstTimestamp'] ?? o['eventTime'])

function modes(value: unknown): string {
  const shortNames: Readonly<Record<string, string>> = {
    ReadWriteOnce: 'RWO',
    ReadOnlyMany: 'ROX',
    ReadWriteMany: 'RWX',
    ReadWriteOncePod: 'RWOP',
  }
  return Array.isArray(value) ? value.map((mode) => shortNames[String(mode)] ?? String(mode)).join(',') : ''
}

export const others: Readonly<Record<string, readonly Column[]>> = {
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
  Lease: [
    name,
    column(
      'Holder',
      (o) => text(spec(o)['holderIdentity']),
      'holderIdentity contains the identity of the holder of a current lease. If Coordinated Leader Election is used, the holder identity must be equal to the elected LeaseCandidate.metadata.name field.',
    ),
    age,
  ],
  ServiceAccount: [name, column('Secrets', (o) => list(o['secrets']).length), age],
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
}
