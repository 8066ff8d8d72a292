import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { BitString, fromBER, Utf8String } from 'asn1js'
import { AlgorithmIdentifier, AttributeTypeAndValue, CertificationRequest, PublicKeyInfo } from 'pkijs'

/** The public key of a PKCS #10 request, PEM, whose own signature holds; undefined for anything else. */
export async function publicKeyOf(pem: string): Promise<KeyObject | undefined> {
  const body = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----/.exec(pem)?.[1]
  if (body === undefined) return undefined
  const der = new Uint8Array(Buffer.from(body, 'base64'))
  try {
    const { result, offset } = fromBER(der.buffer)
    if (offset === -1) return undefined
    const request = new CertificationRequest({ schema: result })
    if (!(await request.verify())) return undefined
    return createPublicKey({ key: Buffer.from(request.subjectPublicKeyInfo.toSchema().toBER()), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

/** A request for this EC P-256 key pair, as the operator's own tools would have made it. */
export function requestFor(commonName: string, pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }): string {
  const request = new CertificationRequest()
  request.version = 0
  request.subject.typesAndValues.push(new AttributeTypeAndValue({ type: '2.5.4.3', value: new Utf8String({ value: commonName }) }))
  const spki = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }))
  request.subjectPublicKeyInfo = new PublicKeyInfo({ schema: fromBER(spki.buffer).result })
  request.attributes = []
  request.signatureAlgorithm = new AlgorithmIdentifier({ algorithmId: '1.2.840.10045.4.3.2' })
  const [info] = request.toSchema(true).valueBlock.value
  const content = Buffer.from(info?.toBER() ?? new ArrayBuffer(0))
  request.tbsView = new Uint8Array(content)
  request.signatureValue = new BitString({ valueHex: new Uint8Array(sign('sha256', content, pair.privateKey)).buffer })
  const lines =
    Buffer.from(request.toSchema(true).toBER())
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`
}
