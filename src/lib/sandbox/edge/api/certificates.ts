import { type KeyObject, X509Certificate } from 'node:crypto'
import type {
  OriginCACertificate,
  OriginCACertificateDeleteResponse,
} from 'cloudflare/resources/origin-ca-certificates/origin-ca-certificates'
import type { Authority } from '../../certificates.ts'
import { type Answer, paged, refuse } from './answer.ts'
import type { CloudflareState, IssuedCertificate } from './state.ts'

/** Days that Cloudflare signs for. */
const validities = [7, 30, 90, 365, 730, 1095, 5475] as const
type Validity = (typeof validities)[number]

/** Signs a request with the Origin CA; twice the same request is two certificates. */
export async function createCertificate(state: CloudflareState, authority: Authority, body: unknown, now: Date): Promise<Answer> {
  const asked = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>
  const csr = typeof asked.csr === 'string' ? asked.csr : ''
  const hostnames = Array.isArray(asked.hostnames) ? asked.hostnames.map(String) : []
  const validity = Number(asked.requested_validity ?? 5475) as Validity
  const { publicKeyOf } = await import('../read-csr.ts')
  const publicKey = await publicKeyOf(csr)
  if (!publicKey) throw refuse(400, 1013, 'Failed to parse the certificate signing request')
  if (!validities.includes(validity)) throw refuse(400, 1007, `The requested validity is not one of ${validities.join(', ')}`)
  const type = publicKey.asymmetricKeyType === 'ec' ? 'origin-ecc' : 'origin-rsa'
  if (asked.request_type !== type) throw refuse(400, 1006, `The request type does not fit the key of the certificate signing request`)
  if (hostnames.length === 0 || hostnames.length > 200) throw refuse(400, 1011, 'Between 1 and 200 host names are needed')
  for (const name of hostnames) if (!covered(name, state.zone.name)) throw notYours(name)
  const one = issue(authority, { csr, hostnames, validity, publicKey, now })
  state.certificates = [...state.certificates, one]
  return { result: one.listed }
}

/** Signs, as the Origin CA does: the names as they were asked for, the common name its own. */
export function issue(
  authority: Authority,
  asked: {
    readonly csr: string
    readonly hostnames: readonly string[]
    readonly validity: Validity
    readonly publicKey: KeyObject
    readonly now: Date
  },
): IssuedCertificate {
  const { certificate } = authority.issue({
    commonName: 'CloudFlare Origin Certificate',
    organizations: ['CloudFlare, Inc.'],
    names: asked.hostnames,
    days: asked.validity,
    notBefore: new Date(asked.now.getTime() - 300_000),
    publicKey: asked.publicKey,
  })
  return {
    listed: {
      ...about(certificate),
      certificate,
      csr: asked.csr,
      hostnames: [...asked.hostnames],
      request_type: asked.publicKey.asymmetricKeyType === 'ec' ? 'origin-ecc' : 'origin-rsa',
      requested_validity: asked.validity,
    },
  }
}

/** The id is the serial in decimal; the date is printed as Go prints one, not as RFC 3339. */
function about(certificate: string): Required<Pick<OriginCACertificate, 'id' | 'expires_on'>> {
  const read = new X509Certificate(certificate)
  const expires = new Date(read.validTo).toISOString()
  return { id: BigInt(`0x${read.serialNumber}`).toString(), expires_on: `${expires.slice(0, 10)} ${expires.slice(11, 19)} +0000 UTC` }
}

export function listCertificates(state: CloudflareState, query: URLSearchParams): Answer {
  const zone = query.get('zone_id')
  if (zone === null) throw refuse(400, 1002, 'zone_id is required')
  if (zone !== state.zone.id) throw refuse(403, 10000, 'Authentication error')
  const { listsPem } = state
  const live = state.certificates.filter(({ revokedAt }) => revokedAt === undefined).map(({ listed }) => listed)
  return paged(
    live.map(({ certificate, ...rest }) => (listsPem ? { ...rest, certificate } : rest)),
    query,
    20,
    50,
  )
}

export const getCertificate = (state: CloudflareState, id: string): Answer => ({ result: present(state, id).listed })

/** Revokes for good. */
export function revokeCertificate(state: CloudflareState, id: string, now: Date): Answer {
  const one = present(state, id)
  one.revokedAt = now
  const result: OriginCACertificateDeleteResponse = { id, revoked_at: now.toISOString() }
  return { result }
}

function present(state: CloudflareState, id: string): IssuedCertificate {
  const one = state.certificates.find(({ listed, revokedAt }) => listed.id === id && revokedAt === undefined)
  if (!one) throw refuse(404, 1101, 'Certificate not found')
  return one
}

const covered = (name: string, zone: string): boolean => {
  const bare = name.replace(/^\*\./, '')
  return /^[a-z0-9.-]+$/.test(bare) && (bare === zone || bare.endsWith(`.${zone}`))
}

const notYours = (name: string) =>
  refuse(
    400,
    1010,
    `Failed to validate requested hostname ${name}: This zone is either not part of your account, or you do not have access to it.`,
  )
