import { onlyCredentials } from '../../docker-config.ts'
import { timeIn } from '../../kube-time.ts'
import { lastApplied, lastRotatedNote } from '../../notes.ts'
import { Secret } from '../../secret.ts'
import { digestOf } from '../../secret-digest.ts'
import { managerOf } from './requests.ts'
import type { KeptKey, KeptSecret, KubeObject, ManagedFields } from './types.ts'

/** A Secret as the API server sends it; it does not leave this folder. */
export interface StoredSecret extends KubeObject {
  readonly type?: string
  readonly data?: Readonly<Record<string, string>>
}

const text = (base64: string): string => Buffer.from(base64, 'base64').toString()

/** What client-side `kubectl apply` left of a Secret's values, by key, in base64; {} where there is nothing that can be read. */
export const appliedValues = (annotations: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> => {
  try {
    const { data, stringData } = JSON.parse(annotations?.[lastApplied] ?? '{}') as Pick<StoredSecret, 'data'> & {
      readonly stringData?: Readonly<Record<string, string>>
    }
    const plain = Object.entries(stringData ?? {}).map(([name, value]) => [name, Buffer.from(String(value)).toString('base64')])
    return { ...data, ...Object.fromEntries(plain) }
  } catch {
    return {}
  }
}

/** Who owns a key, by the server's record. */
const ownersOf = (managed: readonly ManagedFields[], name: string): readonly ManagedFields[] =>
  managed.filter(({ fieldsV1 }) => (fieldsV1?.['f:data'] as Readonly<Record<string, unknown>> | undefined)?.[`f:${name}`] !== undefined)

const latestOf = (owners: readonly ManagedFields[]): Date | undefined => {
  const latest = owners
    .flatMap(({ time }) => time ?? [])
    .sort()
    .at(-1)
  return timeIn(latest)
}

/** What is sent to the registry: the JSON around it differs with who wrote it. */
const credentials = (value: string): string => onlyCredentials(new Secret(text(value)))?.reveal() ?? text(value)

/** Only digests come out: which keys there are, when each was written, and whether `kubectl apply` has kept a value of it. */
export const keptSecretOf = ({ metadata, data = {}, type = 'Opaque' }: StoredSecret): KeptSecret => {
  const { annotations = {}, managedFields = [], creationTimestamp } = metadata
  const applied = appliedValues(annotations)
  const created = timeIn(creationTimestamp)
  const keyOf = (name: string, value: string): KeptKey => {
    const kept = applied[name]
    const owners = ownersOf(managedFields, name)
    const ours = owners.length > 0 && owners.every(({ manager }) => manager === managerOf(name))
    const writtenAt = latestOf(owners) ?? created
    return {
      name,
      digest: digestOf(name === '.dockerconfigjson' ? credentials(value) : text(value)),
      ...(writtenAt && { writtenAt }),
      ...(ours && writtenAt && { rotatedAt: writtenAt }),
      applied: kept === undefined ? 'none' : kept === value ? 'the same' : 'another',
    }
  }
  const lastRotated = annotations[lastRotatedNote]
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    type,
    resourceVersion: metadata.resourceVersion ?? '',
    ...(created && { createdAt: created }),
    ...(lastRotated !== undefined && { lastRotated }),
    keys: Object.entries(data)
      .map(([name, value]) => keyOf(name, value))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    appliedOnly: Object.keys(applied).filter((name) => !(name in data)),
  }
}
