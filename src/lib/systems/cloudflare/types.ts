import type { OriginValidity } from '../../certificates.ts'
import type { Secret } from '../../secret.ts'
import type { Shown, System } from '../systems.ts'

/** The environment's zone as Cloudflare has it. */
export interface Zone {
  readonly id: string
  readonly name: string
  readonly account: string
  readonly plan: string
  /** active, pending, moved … */
  readonly status: string
  /** True: Cloudflare answers DNS alone, and customers reach the nodes themselves. */
  readonly paused: boolean
}

export interface ZoneSettings {
  /** off, flexible, full, strict: only the last verifies the origin's certificate. */
  readonly ssl: string
  readonly alwaysUseHttps: boolean
  /** auto: Cloudflare may change `ssl` unasked. Undefined where the zone has no such setting. */
  readonly sslAutomatic?: string
}

/** A rule that sets another SSL mode where it applies. */
export interface SslOverride {
  readonly kind: 'configuration rule' | 'page rule'
  /** An expression of the rules language, or a URL pattern. */
  readonly where: string
  readonly ssl: string
}

/** An address of a public name. Name, type and address together are its identity. */
export interface AddressRecord {
  /** Fully qualified, lower case. */
  readonly name: string
  readonly type: 'A' | 'AAAA'
  readonly address: string
  readonly proxied: boolean
  readonly comment?: string
  readonly tags?: readonly string[]
}

/** A name that follows another one: a CNAME record. */
export interface NameAlias {
  readonly name: string
  readonly target: string
  readonly proxied: boolean
}

/** CIDR ranges that Cloudflare connects from, as it publishes them. */
export interface PublishedRanges {
  readonly ipv4: readonly string[]
  readonly ipv6: readonly string[]
}

/** A certificate of Cloudflare's Origin CA that is not revoked. */
export interface OriginCertificate {
  /** The serial number in decimal. */
  readonly id: string
  readonly names: readonly string[]
  readonly expiresAt: Date
  readonly certificate: string
}

/** A purge that Cloudflare has accepted since this program started: it keeps no record of its own that could be read. */
export type Purge = { readonly hosts: readonly string[] } | { readonly urls: readonly string[] } | { readonly everything: true }

/** What Cloudflare says to a token; `lacks`: permissions to read without which procedures do not work. */
export type TokenAnswer =
  | { readonly is: 'let in'; readonly lacks: readonly string[] }
  | { readonly is: 'refused'; readonly because: string }

/** Looks, and changes nothing. Failures throw Unreachable (`cloudflare-…`): no token, refused, no such zone, busy, no answer. */
export interface CloudflareReader {
  readonly zone: () => Promise<Zone>
  readonly settings: () => Promise<ZoneSettings>
  /** Rules in force that set an SSL mode of their own. */
  readonly sslOverrides: () => Promise<readonly SslOverride[]>
  /** The A and AAAA records of these names, or of the whole zone. */
  readonly addresses: (names?: readonly string[]) => Promise<readonly AddressRecord[]>
  /** The CNAME records of the zone. */
  readonly aliases: () => Promise<readonly NameAlias[]>
  /** Needs no token. */
  readonly ranges: () => Promise<PublishedRanges>
  readonly originCertificates: () => Promise<readonly OriginCertificate[]>
  /** Whether a certificate (PEM) is signed by the Origin CA, as Full (strict) demands. Asks nobody. */
  readonly signedByOriginCa: (certificate: string) => Promise<boolean>
  readonly purged: () => Promise<readonly Purge[]>
  /** The token of this machine, read anew. */
  readonly token: () => Promise<Secret>
  /** What Cloudflare says to a token, or to that of this machine. Throws where it says nothing of it: no answer, busy. */
  readonly letsIn: (token?: Secret) => Promise<TokenAnswer>
}

type Identity = Pick<AddressRecord, 'name' | 'type' | 'address'>

/** Each call changes one thing; a call that finds it done already changes nothing. Never sent twice: the SDK's own retries are off. */
export interface CloudflareWriter {
  /** Adds an address, proxied. */
  readonly addAddress: (record: Identity & Pick<AddressRecord, 'comment' | 'tags'>) => Promise<void>
  /** Puts an address that is there behind the proxy. */
  readonly proxyAddress: (record: Identity) => Promise<void>
  /** Removes an address. Throws Blocked (`cloudflare-last-address`) rather than leave the name without a proxied one; where somebody else took the others meanwhile, it is put back. */
  readonly removeAddress: (record: Identity) => Promise<void>
  /** Drops what the edge has cached. Throws Blocked (`cloudflare-foreign-purge`) for a name outside the zone. */
  readonly purge: (what: Purge) => Promise<void>
  /** Signs a request. Not idempotent: the new certificate is found again by its public key. */
  readonly createOriginCertificate: (request: {
    /** PEM. */
    readonly csr: string
    readonly names: readonly string[]
    readonly days: OriginValidity
    readonly key: 'ec' | 'rsa'
    /** Where an operator has the request and wants the certificate, for the shell lines. */
    readonly files?: { readonly request: string; readonly certificate: string }
  }) => Promise<void>
  /** Cannot be undone. */
  readonly revokeOriginCertificate: (certificate: Pick<OriginCertificate, 'id'>) => Promise<void>
}

export interface CloudflareProver {
  /** A proxied record leads from the name to the address. */
  leads(record: Pick<AddressRecord, 'name' | 'type' | 'address'>): Shown
  /** No record does. */
  leadsNot(record: Pick<AddressRecord, 'name' | 'type' | 'address'>): Shown
  /** Puts the published ranges into the script's `ranges`; stops where there are none. */
  ranges(): Shown
  /** The token in a file is let in, or is not. */
  takesToken(file: string, wanted: boolean): Shown
  /** The zone's valid Origin CA certificates are without this one. */
  notListed(certificate: Pick<OriginCertificate, 'id'>): Shown
}

declare module '../systems.ts' {
  interface Systems {
    readonly cloudflare: System<CloudflareReader, CloudflareWriter, CloudflareProver>
  }
}
