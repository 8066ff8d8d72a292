import { timeIn } from '../../kube-time.ts'
import { lastRotatedNote } from '../../notes.ts'
import { Secret } from '../../secret.ts'
import { appliedValues, type StoredSecret } from './stored-secret.ts'
import type { TlsSecret } from './types.ts'

const text = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString()

/** Only the certificate comes out readable: the key is a `Secret`, and of what `kubectl apply` left only whether it is the same. */
export const tlsSecretOf = ({ metadata, data = {} }: StoredSecret): TlsSecret => {
  const { annotations = {}, managedFields = [] } = metadata
  const written = managedFields.filter(({ fieldsV1 }) => fieldsV1?.['f:data'] !== undefined).flatMap(({ time }) => time ?? [])
  const at = timeIn([...written].sort().at(-1) ?? metadata.creationTimestamp)
  const rotated = annotations[lastRotatedNote]
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    resourceVersion: metadata.resourceVersion ?? '',
    certificate: text(data['tls.crt']),
    key: new Secret(text(data['tls.key'])),
    ...(rotated !== undefined && { lastRotated: rotated }),
    appliedKey: appliedKey(appliedValues(annotations)['tls.key'], data['tls.key']),
    ...(at && { writtenAt: at }),
  }
}

const appliedKey = (kept: string | undefined, current: string | undefined): TlsSecret['appliedKey'] =>
  kept === undefined ? 'none' : kept === current ? 'the same' : 'another'
