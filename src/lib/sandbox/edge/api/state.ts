import { randomBytes } from 'node:crypto'
import type { RecordResponse } from 'cloudflare/resources/dns/records'
import type { OriginCACertificate } from 'cloudflare/resources/origin-ca-certificates/origin-ca-certificates'
import type { PageRule } from 'cloudflare/resources/page-rules/page-rules'
import type { Zone } from 'cloudflare/resources/zones/zones'
import { nodes, publicNames, zoneName } from '../../deployment/facts.ts'
import { planted } from '../../deployment/planted.ts'
import { publishedRanges, type Ranges } from '../ranges.ts'
import { everyScope, newToken, readScopes, type Token } from './access.ts'

/** A record as the API answers it: the SDK's shape, and what it leaves out. */
export type DnsRecord = Pick<RecordResponse.ARecord, 'id' | 'name' | 'ttl'> & {
  readonly type: string
  readonly content: string
  readonly proxied: boolean
  readonly proxiable: boolean
  readonly comment: string | null
  readonly tags: readonly string[]
  readonly settings: object
  readonly meta: object
  readonly created_on: string
  readonly modified_on: string
}

export type SslMode = 'off' | 'flexible' | 'full' | 'strict'

/** A rule of the phase http_config_settings that sets the SSL mode where its expression holds. */
export interface ConfigRule {
  readonly id: string
  readonly action: 'set_config'
  readonly action_parameters: { readonly ssl?: SslMode }
  readonly expression: string
  readonly description: string
  readonly enabled: boolean
  readonly last_updated: string
  readonly ref: string
  readonly version: string
}

export interface IssuedCertificate {
  readonly listed: OriginCACertificate
  /** Set once it is revoked: the list forgets it then, the edge does not. */
  revokedAt?: Date
}

/** Everything that Cloudflare holds of the account; changed in place by the API and by worlds of tests. */
export interface CloudflareState {
  readonly zone: Zone
  /** Listed before it, and empty: a domain that was added anew leaves its old zone behind. */
  otherZones: readonly Zone[]
  readonly settings: Map<string, { value: string; modified: string }>
  records: readonly DnsRecord[]
  configRules: readonly ConfigRule[]
  pageRules: readonly PageRule[]
  certificates: readonly IssuedCertificate[]
  /** What was purged, in order. */
  purged: readonly { readonly kind: 'files' | 'hosts' | 'everything'; readonly what: readonly string[] }[]
  readonly tokens: Map<string, Token>
  /** What is published; the edge connects from what it was at the start and is added since. */
  ranges: Ranges
  /** Whether `GET /certificates` carries the PEM: it is optional there. */
  listsPem: boolean
}

const newId = (): string => randomBytes(16).toString('hex')

/** The account as it is when the sandbox starts: one zone on the Free plan, three A records a name, all proxied, Full (strict). */
export function freshState(certificates: readonly IssuedCertificate[]): CloudflareState {
  const since = '2026-04-23T10:00:00.000000Z'
  return {
    zone: zoneAt(since),
    otherZones: [],
    settings: new Map(
      Object.entries({ ssl: 'strict', always_use_https: 'on', ssl_automatic_mode: 'custom', min_tls_version: '1.2' }).map(([id, value]) => [
        id,
        { value, modified: since },
      ]),
    ),
    records: publicNames.flatMap((name) => nodes.map(({ address }) => aRecord(name, address, since))),
    configRules: [],
    pageRules: [],
    certificates,
    purged: [],
    tokens: new Map([
      [planted.cloudflareToken, newToken(everyScope)],
      [planted.cloudflareReadToken, newToken(readScopes)],
    ]),
    ranges: publishedRanges,
    listsPem: true,
  }
}

export const aRecord = (name: string, content: string, now: string, proxied = true): DnsRecord => ({
  id: newId(),
  name,
  type: 'A',
  content,
  proxiable: true,
  proxied,
  ttl: 1,
  settings: {},
  meta: {},
  comment: null,
  tags: [],
  created_on: now,
  modified_on: now,
})

function zoneAt(since: string): Zone {
  return {
    id: newId(),
    name: zoneName,
    status: 'active',
    paused: false,
    type: 'full',
    development_mode: 0,
    name_servers: ['carol.ns.cloudflare.com', 'ishaan.ns.cloudflare.com'],
    original_name_servers: null,
    original_registrar: null,
    original_dnshost: null,
    created_on: since,
    modified_on: since,
    activated_on: since,
    meta: { page_rule_quota: 3 },
    owner: { id: newId(), type: 'user' },
    account: { id: newId(), name: 'honeyDue' },
    plan: { id: '0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee', name: 'Free Website', price: 0, currency: 'USD', legacy_id: 'free' },
    permissions: ['#zone:read'],
  }
}
