import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { Set as AsnSet, BitString, fromBER, Integer, OctetString, Sequence, Utf8String } from 'asn1js'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  BasicConstraints,
  Certificate,
  Extension,
  ExtKeyUsage,
  GeneralName,
  GeneralNames,
  PublicKeyInfo,
  RelativeDistinguishedNames,
} from 'pkijs'

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

/** A certificate authority with a fresh EC P-256 key: node:crypto makes keys and signatures, pkijs the X.509 around them. */
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
  const certificate = new Certificate()
  certificate.version = 2
  certificate.serialNumber = new Integer({ valueHex: toArrayBuffer(Buffer.concat([Buffer.from([0x4d]), randomBytes(15)])) })
  certificate.issuer = distinguishedName(issuer.commonName, [])
  certificate.subject = distinguishedName(request.commonName, request.organizations ?? [])
  certificate.notBefore.value = notBefore
  certificate.notAfter.value = new Date(notBefore.getTime() + (request.days ?? 365) * day)
  certificate.subjectPublicKeyInfo = new PublicKeyInfo({ schema: fromBER(toArrayBuffer(spki(publicKey))).result })
  certificate.extensions = extensions(issuer.publicKey, request, publicKey, authority)
  const algorithm = new AlgorithmIdentifier({ algorithmId: oid.ecdsaWithSha256 })
  certificate.signature = algorithm
  certificate.signatureAlgorithm = algorithm
  const content = Buffer.from(certificate.encodeTBS().toBER())
  certificate.tbsView = new Uint8Array(content)
  certificate.signatureValue = new BitString({ valueHex: toArrayBuffer(sign('sha256', content, issuer.privateKey)) })
  return armoured('CERTIFICATE', Buffer.from(certificate.toSchema(true).toBER()))
}

function extensions(issuerKey: KeyObject, request: CertificateRequest, publicKey: KeyObject, authority: boolean): Extension[] {
  const found = [
    extension(oid.basicConstraints, true, new BasicConstraints({ cA: authority }).toSchema().toBER()),
    // Bits from the left: digitalSignature, keyEncipherment; keyCertSign and cRLSign for an authority.
    extension(
      oid.keyUsage,
      true,
      new BitString({ valueHex: toArrayBuffer(Buffer.from([authority ? 0x06 : 0xa0])), unusedBits: authority ? 1 : 5 }).toBER(),
    ),
    extension(oid.subjectKey, false, new OctetString({ valueHex: keyIdentifier(publicKey) }).toBER()),
  ]
  if (authority) return found
  // SEQUENCE { [0] keyIdentifier }, written out: it is fixed but for its 20 bytes.
  found.push(
    extension(
      oid.authorityKey,
      false,
      toArrayBuffer(Buffer.concat([Buffer.from([0x30, 0x16, 0x80, 0x14]), Buffer.from(keyIdentifier(issuerKey))])),
    ),
  )
  found.push(extension(oid.extendedUsage, false, new ExtKeyUsage({ keyPurposes: [oid.serverAuth, oid.clientAuth] }).toSchema().toBER()))
  const names = [
    ...(request.names ?? []).map((name) => new GeneralName({ type: 2, value: name })),
    ...(request.addresses ?? []).map(
      (address) => new GeneralName({ type: 7, value: new OctetString({ valueHex: addressBytes(address) }) }),
    ),
  ]
  if (names.length > 0) found.push(extension(oid.alternativeNames, false, new GeneralNames({ names }).toSchema().toBER()))
  return found
}

function extension(extnID: string, critical: boolean, value: ArrayBuffer): Extension {
  return new Extension({ extnID, critical, extnValue: value })
}

function distinguishedName(commonName: string, organizations: readonly string[]): RelativeDistinguishedNames {
  const types = [
    ...organizations.map((value) => new AttributeTypeAndValue({ type: oid.organization, value: new Utf8String({ value }) })),
    new AttributeTypeAndValue({ type: oid.commonName, value: new Utf8String({ value: commonName }) }),
  ]
  // pkijs would write one set of all: legal, but other tools then read `O=a + CN=b`. Real ones have one set for each.
  const sets = types.map((type) => new AsnSet({ value: [type.toSchema()] }))
  return new RelativeDistinguishedNames({ typesAndValues: types, valueBeforeDecode: new Sequence({ value: sets }).toBER() })
}

function keyIdentifier(key: KeyObject): ArrayBuffer {
  return toArrayBuffer(createHash('sha1').update(spki(key)).digest())
}

function addressBytes(address: string): ArrayBuffer {
  if (isIP(address) === 4) return toArrayBuffer(Buffer.from(address.split('.').map(Number)))
  const [head = '', tail = ''] = address.split('::')
  const left = head.split(':').filter(Boolean)
  const right = tail.split(':').filter(Boolean)
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return toArrayBuffer(Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex'))
}

const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const toArrayBuffer = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer
const armoured = (label: string, der: Buffer): string =>
  `-----BEGIN ${label}-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`
