import { type KeyObject, sign } from 'node:crypto'
import { armoured, bits, der, distinguishedName, identifier, integer, sequence } from '../der.ts'

/** A request for this EC P-256 key pair, as the operator's own tools would have made it. */
export function requestFor(commonName: string, pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }): string {
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' })
  // Version 1, and no attributes.
  const content = sequence(integer(Buffer.from([0])), distinguishedName(['2.5.4.3', commonName]), spki, der(0xa0))
  const algorithm = sequence(identifier('1.2.840.10045.4.3.2'))
  return armoured('CERTIFICATE REQUEST', sequence(content, algorithm, bits(sign('sha256', content, pair.privateKey))))
}
