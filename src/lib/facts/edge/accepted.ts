import { coversHost, readCertificate, shortFingerprint } from '../../certificates.ts'
import type { CloudflareReader } from '../../systems/cloudflare/types.ts'
import type { ServedCertificate } from '../../systems/nodes/types.ts'

/** What Full (strict) holds against a certificate that a node serves for a name; undefined where Cloudflare accepts it. `valid`: the ids that the account lists. */
const refusedBecause = async (
  { name, certificate }: ServedCertificate,
  now: Date,
  valid: readonly string[] | undefined,
  { signedByOriginCa }: Pick<CloudflareReader, 'signedByOriginCa'>,
): Promise<string | undefined> => {
  if (certificate === undefined) return undefined
  const facts = readCertificate(certificate)
  if (!facts) return `what is no certificate for ${name}`
  const which = `${shortFingerprint(facts.fingerprint)} (${facts.subject})`
  if (!(await signedByOriginCa(certificate))) return `${which}, which the Origin CA has not signed`
  if (!coversHost(facts.names, name)) return `${which} for ${name}, and it has ${facts.names.join(', ')}`
  if (facts.notAfter < now) return `${which}, which expired on ${facts.notAfter.toISOString().slice(0, 10)}`
  if (facts.notBefore > now) return `${which}, which is valid from ${facts.notBefore.toISOString()} on`
  if (valid && !valid.includes(facts.id)) return `${which}, which Cloudflare does not list: it is revoked, or of another account`
  return undefined
}

/** What a node serves that Cloudflare refuses, and for which names it completes no handshake; the same is said once. */
export const refusals = async (
  served: readonly ServedCertificate[],
  now: Date,
  valid: readonly string[] | undefined,
  cloudflare: Pick<CloudflareReader, 'signedByOriginCa'>,
): Promise<{ readonly refused: readonly string[]; readonly silent: readonly string[] }> => {
  const against = await Promise.all(served.map((one) => refusedBecause(one, now, valid, cloudflare)))
  return {
    refused: [...new Set(against.filter((because) => because !== undefined))],
    silent: served.flatMap(({ name, certificate }) => (certificate === undefined ? [name] : [])),
  }
}
