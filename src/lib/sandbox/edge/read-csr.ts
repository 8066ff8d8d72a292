import { createPublicKey, type KeyObject } from 'node:crypto'
import { fromBER } from 'asn1js'
import { CertificationRequest } from 'pkijs'

/** The public key of a PKCS #10 request, PEM, whose own signature holds; undefined for anything else. */
export async function publicKeyOf(pem: string): Promise<KeyObject | undefined> {
  const body = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----/.exec(pem)?.[1]
  if (body === undefined) return undefined
  const given = new Uint8Array(Buffer.from(body, 'base64'))
  try {
    const { result, offset } = fromBER(given.buffer)
    if (offset === -1) return undefined
    const request = new CertificationRequest({ schema: result })
    if (!(await request.verify())) return undefined
    return createPublicKey({ key: Buffer.from(request.subjectPublicKeyInfo.toSchema().toBER()), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}
