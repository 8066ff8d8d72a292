import type { CloudflareWriter, OriginCertificate } from './types.ts'

/** One write as Cloudflare's API takes it: the writer sends it, and its shell line says the same. */
export interface CloudflareRequest {
  readonly method: 'POST' | 'PATCH' | 'DELETE'
  /** `:zone` and `:record` stand for ids that are looked up just before. */
  readonly path: string
  readonly body?: unknown
}

type Of<K extends keyof CloudflareWriter> = Parameters<CloudflareWriter[K]>[0]

export const addRequest = ({ name, type, address, comment, tags }: Of<'addAddress'>): CloudflareRequest => ({
  method: 'POST',
  path: '/zones/:zone/dns_records',
  body: {
    name,
    type,
    content: address,
    proxied: true,
    ttl: 1,
    ...(comment !== undefined && { comment }),
    ...(tags !== undefined && { tags }),
  },
})

export const proxyRequest = ({ name, type, address }: Of<'proxyAddress'>): CloudflareRequest => ({
  method: 'PATCH',
  path: '/zones/:zone/dns_records/:record',
  body: { name, type, content: address, proxied: true, ttl: 1 },
})

export const removeRequest: CloudflareRequest = { method: 'DELETE', path: '/zones/:zone/dns_records/:record' }

export const purgeRequest = (what: Of<'purge'>): CloudflareRequest => ({
  method: 'POST',
  path: '/zones/:zone/purge_cache',
  body: 'hosts' in what ? { hosts: what.hosts } : 'urls' in what ? { files: what.urls } : { purge_everything: true },
})

export const signRequest = ({ csr, names, days, key }: Omit<Of<'createOriginCertificate'>, 'files'>): CloudflareRequest => ({
  method: 'POST',
  path: '/certificates',
  body: { csr, hostnames: names, requested_validity: days, request_type: key === 'ec' ? 'origin-ecc' : 'origin-rsa' },
})

export const revokeRequest = ({ id }: Pick<OriginCertificate, 'id'>): CloudflareRequest => ({
  method: 'DELETE',
  path: `/certificates/${encodeURIComponent(id)}`,
})

/** The path with what its `:names` stand for. */
export const pathWith = ({ path }: CloudflareRequest, ids: Readonly<Record<string, string>>): string =>
  path.replace(/:(\w+)/g, (_, name: string) => ids[name] ?? '')
