import { type Authority, createAuthority, issuingOnce } from './certificates.ts'
import { createOriginCa, type OriginCa } from './edge/origin-ca.ts'

/**
 * What the sandboxes of one process share, made by the first: who signs, with what is signed for the names that every sandbox has, and the
 * deployment as it settled. A start would spend three quarters of its time on them.
 */
export interface Lasting {
  readonly authority: Authority
  /** Signs what Traefik serves when it has no certificate for a name. */
  readonly traefik: Authority
  readonly originCa: OriginCa
  /** Signs what k3s keeps for itself. */
  readonly k3s: Authority
  /** A snapshot of the cluster. */
  settled?: unknown
}

let lasting: Lasting | undefined

/** What lasts, of this process. */
export const whatLasts = (): Lasting => {
  lasting ??= {
    authority: issuingOnce(createAuthority('honeyDue sandbox')),
    traefik: issuingOnce(createAuthority('Traefik')),
    originCa: createOriginCa(),
    k3s: issuingOnce(createAuthority('k3s-server-ca@1777017600')),
  }
  return lasting
}
