import { generateKeyPairSync, sign } from 'node:crypto'
import { BitString, fromBER, Utf8String } from 'asn1js'
import { AlgorithmIdentifier, AttributeTypeAndValue, CertificationRequest, PublicKeyInfo } from 'pkijs'
import { publicKeyOf } from '../../certificates.ts'
import { Secret } from '../../secret.ts'
import type { KeyRequest } from './types.ts'

const oid = { commonName: '2.5.4.3', ecdsaWithSha256: '1.2.840.10045.4.3.2' } as const

/** A new EC P-256 key and a request for a certificate of it. The names stand beside it in the call that signs: Cloudflare takes them from there. */
export const newKeyRequest = (commonName: string): KeyRequest => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const request = new CertificationRequest()
  request.version = 0
  request.subject.typesAndValues.push(new AttributeTypeAndValue({ type: oid.commonName, value: new Utf8String({ value: commonName }) }))
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  request.subjectPublicKeyInfo = new PublicKeyInfo({ schema: fromBER(spki.buffer).result })
  request.attributes = []
  request.signatureAlgorithm = new AlgorithmIdentifier({ algorithmId: oid.ecdsaWithSha256 })
  const [info] = request.toSchema(true).valueBlock.value
  const content = new Uint8Array(info?.toBER() ?? new ArrayBuffer(0))
  request.tbsView = content
  request.signatureValue = new BitString({ valueHex: new Uint8Array(sign('sha256', content, privateKey)).buffer })
  const lines =
    Buffer.from(request.toSchema(true).toBER())
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  const key = new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  return {
    key,
    csr: `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`,
    publicKey: publicKeyOf(key) ?? '',
  }
}
