import { coversHost } from '../../certificates.ts'
import type { PairFacts } from './survey.ts'

/** What a pair is held against. */
export interface Demands {
  /** Names that are served with it. */
  readonly hosts: readonly string[]
  readonly now: Date
  /** Whether the Origin CA signed it. */
  readonly signed: boolean
  /** Ids that Cloudflare lists; undefined where they could not be read. */
  readonly listed: readonly string[] | undefined
}

/** Why Traefik would drop a pair, or Cloudflare refuse it in Full (strict); empty where both accept it. */
export const faultsOf = ({ certificate, keyFits }: PairFacts, { hosts, now, signed, listed }: Demands): readonly string[] => {
  if (!certificate) return ['there is no certificate']
  const uncovered = hosts.filter((host) => !coversHost(certificate.names, host))
  return [
    ...(keyFits ? [] : ['the key is not that of the certificate']),
    ...(certificate.notAfter < now ? [`the certificate ended on ${certificate.notAfter.toISOString().slice(0, 10)}`] : []),
    ...(certificate.notBefore > now ? [`the certificate is valid from ${certificate.notBefore.toISOString()} on`] : []),
    ...(uncovered.length > 0 ? [`the certificate is not for ${uncovered.join(', ')}: it has ${certificate.names.join(', ')}`] : []),
    ...(signed ? [] : [`the Origin CA has not signed the certificate: ${certificate.issuer}`]),
    ...(listed && !listed.includes(certificate.id)
      ? ['Cloudflare does not list the certificate: it is revoked, or of another account']
      : []),
  ]
}
