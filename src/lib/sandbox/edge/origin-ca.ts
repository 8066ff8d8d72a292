import { generateKeyPairSync } from 'node:crypto'
import { type Authority, createAuthority, type Identity } from '../certificates.ts'
import { bornAt, zoneName } from '../deployment/facts.ts'
import { issue } from './api/certificates.ts'
import type { IssuedCertificate } from './api/state.ts'
import { requestFor } from './csr.ts'

/** Cloudflare's Origin CA with the certificate that the deployment began with: its key on the operator's side, itself in the account. */
export interface OriginCa {
  readonly authority: Authority
  readonly first: Identity
  /** What the account lists at the start. */
  certificates(): readonly IssuedCertificate[]
}

/** Signed for 15 years, which is what Cloudflare's dashboard proposes; when the real one ends is in no source. */
const validity = 5475

export function createOriginCa(): OriginCa {
  const authority = createAuthority('CloudFlare Origin SSL ECC Certificate Authority')
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { listed } = issue(authority, {
    csr: requestFor(zoneName, pair),
    hostnames: [`*.${zoneName}`, zoneName],
    validity,
    publicKey: pair.publicKey,
    now: new Date(bornAt),
  })
  const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { authority, first: { certificate: listed.certificate ?? '', key }, certificates: () => [{ listed }] }
}
