import { createHash, createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { Secret } from './secret.ts'

/** What a certificate says of itself. */
export interface CertificateFacts {
  readonly subject: string
  readonly issuer: string
  /** DNS names, wildcards as they stand. */
  readonly names: readonly string[]
  /** SHA-256, 32 octets with colons. */
  readonly fingerprint: string
  /** The serial number in decimal: Cloudflare's id of it. */
  readonly id: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** SHA-256 of the public key: the same for every certificate of one key. */
  readonly publicKey: string
}

/** Days that the Origin CA signs for. */
export const originValidities = [7, 30, 90, 365, 730, 1095, 5475] as const
export type OriginValidity = (typeof originValidities)[number]

/** Reads the first certificate of a PEM text; undefined where there is none. */
export const readCertificate = (pem: string | undefined): CertificateFacts | undefined => {
  const found = parsed(pem)
  if (!found) return undefined
  return {
    subject: lineOf(found.subject),
    issuer: lineOf(found.issuer),
    names: (found.subjectAltName ?? '').split(', ').flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4).toLowerCase()] : [])),
    fingerprint: found.fingerprint256,
    id: BigInt(`0x${found.serialNumber}`).toString(),
    notBefore: new Date(found.validFrom),
    notAfter: new Date(found.validTo),
    publicKey: digestOf(found.publicKey),
  }
}

/** The digest of the public half of a private key; undefined for what is no key. */
export const publicKeyOf = (key: Secret | undefined): string | undefined => {
  try {
    return key && digestOf(createPublicKey(createPrivateKey(key.reveal())))
  } catch {
    return undefined
  }
}

/** Whether the certificate's signature is by one of these keys. */
export const signedBy = (pem: string, authorities: readonly KeyObject[]): boolean => {
  const found = parsed(pem)
  return found !== undefined && authorities.some((key) => found.verify(key))
}

/** The first 8 octets: enough to tell certificates apart, and short enough to be typed. */
export const shortFingerprint = (fingerprint: string): string => fingerprint.slice(0, 23)

/** Whether one of the names, which may be wildcards of one level, is this host's. */
export const coversHost = (names: readonly string[], host: string): boolean =>
  names.includes(host) || names.includes(host.replace(/^[^.]+/, '*'))

const parsed = (pem: string | undefined): X509Certificate | undefined => {
  try {
    return pem === undefined || pem === '' ? undefined : new X509Certificate(pem)
  } catch {
    return undefined
  }
}

const digestOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')

const lineOf = (name: string): string => name.split('\n').join(', ').replaceAll('\\,', ',')
