import { lastRotatedNote } from '../../notes.ts'
import { Secret } from '../../secret.ts'
import { lastApplied } from './requests.ts'
import type { KubeObject, TlsSecret } from './types.ts'

/** A Secret as the API server sends it; it does not leave this folder. */
export interface StoredSecret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

const text = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString()

/** Only the certificate comes out readable: the key is a `Secret`, and of what `kubectl apply` left only whether it is the same. */
export const tlsSecretOf = ({ metadata, data = {} }: StoredSecret): TlsSecret => {
  const { annotations = {}, managedFields = [] } = metadata
  const written = managedFields.filter(({ fieldsV1 }) => fieldsV1?.['f:data'] !== undefined).flatMap(({ time }) => time ?? [])
  const at = [...written].sort().at(-1) ?? metadata.creationTimestamp
  const rotated = annotations[lastRotatedNote]
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    resourceVersion: metadata.resourceVersion ?? '',
    certificate: text(data['tls.crt']),
    key: new Secret(text(data['tls.key'])),
    ...(rotated !== undefined && { lastRotated: rotated }),
    appliedKey: appliedKey(annotations[lastApplied], data['tls.key']),
    ...(at !== undefined && { writtenAt: new Date(at) }),
  }
}

const appliedKey = (applied: string | undefined, current: string | undefined): TlsSecret['appliedKey'] => {
  try {
    const { data = {}, stringData = {} } = JSON.parse(applied ?? '{}') as Pick<StoredSecret, 'data'> & {
      readonly stringData?: Readonly<Record<string, string>>
    }
    const kept =
      data['tls.key'] ?? (stringData['tls.key'] === undefined ? undefined : Buffer.from(stringData['tls.key']).toString('base64'))
    return kept === undefined ? 'none' : kept === current ? 'the same' : 'another'
  } catch {
    return 'none'
  }
}
