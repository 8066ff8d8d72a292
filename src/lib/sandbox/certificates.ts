import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { armoured, bits, der, distinguishedName, identifier, integer, octets, sequence, time, truth } from './der.ts'

/** A certificate and its private key, both PEM. */
export interface Identity {
  readonly certificate: string
  readonly key: string
}

export interface CertificateRequest {
  readonly commonName: string
  /** Kubernetes reads them as the groups of the user `commonName`. */
  readonly organizations?: readonly string[]
  readonly names?: readonly string[]
  readonly addresses?: readonly string[]
  /** Validity from `notBefore`; negative or small values with an early `notBefore` make expired certificates. */
  readonly days?: number
  readonly notBefore?: Date
  /** Signs this key (as a CSR brings it) instead of a new one; `key` is then ''. */
  readonly publicKey?: KeyObject
}

export interface Authority extends Identity {
  issue(request: CertificateRequest): Identity
}

const day = 86_400_000
const oid = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const

/** A certificate authority with a fresh EC P-256 key: node:crypto makes keys and signatures; the X.509 around them stands below. */
export function createAuthority(commonName: string): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = pem(own.privateKey)
  const issuer = { commonName, publicKey: own.publicKey, privateKey: own.privateKey }
  const certificate = signed(issuer, { commonName, days: 3650 }, own.publicKey, true)
  return {
    certificate,
    key,
    issue(request) {
      if (request.publicKey) return { certificate: signed(issuer, request, request.publicKey, false), key: '' }
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      return { certificate: signed(issuer, request, pair.publicKey, false), key: pem(pair.privateKey) }
    },
  }
}

/** Issues once what is asked for again; a key that is brought along is signed each time. */
export function issuingOnce(authority: Authority): Authority {
  const issued = new Map<string, Identity>()
  return {
    ...authority,
    issue(request) {
      if (request.publicKey) return authority.issue(request)
      const key = JSON.stringify(request)
      const identity = issued.get(key) ?? authority.issue(request)
      issued.set(key, identity)
      return identity
    },
  }
}

function signed(
  issuer: { readonly commonName: string; readonly publicKey: KeyObject; readonly privateKey: KeyObject },
  request: CertificateRequest,
  publicKey: KeyObject,
  authority: boolean,
): string {
  // An hour early: the clocks of a guest and its host differ.
  const notBefore = request.notBefore ?? new Date(Date.now() - 3_600_000)
  const algorithm = sequence(identifier(oid.ecdsaWithSha256))
  const organizations = (request.organizations ?? []).map((value) => [oid.organization, value] as const)
  const content = sequence(
    // Version 3.
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x4d]), randomBytes(15)])),
    algorithm,
    distinguishedName([oid.commonName, issuer.commonName]),
    sequence(time(notBefore), time(new Date(notBefore.getTime() + (request.days ?? 365) * day))),
    distinguishedName(...organizations, [oid.commonName, request.commonName]),
    spki(publicKey),
    der(0xa3, sequence(...extensions(issuer.publicKey, request, publicKey, authority))),
  )
  return armoured('CERTIFICATE', sequence(content, algorithm, bits(sign('sha256', content, issuer.privateKey))))
}

function extensions(issuerKey: KeyObject, request: CertificateRequest, publicKey: KeyObject, authority: boolean): readonly Buffer[] {
  const found = [
    extension(oid.basicConstraints, true, sequence(...(authority ? [truth] : []))),
    // Bits from the left: digitalSignature, keyEncipherment; keyCertSign and cRLSign for an authority.
    extension(oid.keyUsage, true, bits(Buffer.from([authority ? 0x06 : 0xa0]), authority ? 1 : 5)),
    extension(oid.subjectKey, false, octets(keyIdentifier(publicKey))),
  ]
  if (authority) return found
  found.push(extension(oid.authorityKey, false, sequence(der(0x80, keyIdentifier(issuerKey)))))
  found.push(extension(oid.extendedUsage, false, sequence(identifier(oid.serverAuth), identifier(oid.clientAuth))))
  const names = [
    ...(request.names ?? []).map((name) => der(0x82, Buffer.from(name))),
    ...(request.addresses ?? []).map((address) => der(0x87, addressBytes(address))),
  ]
  if (names.length > 0) found.push(extension(oid.alternativeNames, false, sequence(...names)))
  return found
}

const extension = (name: string, critical: boolean, value: Uint8Array): Buffer =>
  sequence(identifier(name), ...(critical ? [truth] : []), octets(value))

const keyIdentifier = (key: KeyObject): Buffer => createHash('sha1').update(spki(key)).digest()

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail = ''] = address.split('::')
  const left = head.split(':').filter(Boolean)
  const right = tail.split(':').filter(Boolean)
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
