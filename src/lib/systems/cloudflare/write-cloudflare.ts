import { Blocked } from '../../errors.ts'
import type { CloudflareClient, Doing } from './client.ts'
import { everyPage } from './read-cloudflare.ts'
import { answeredWith } from './trouble.ts'
import type { AddressRecord, CloudflareWriter, Purge, Zone } from './types.ts'

/** Cloudflare's codes for what another has done first. */
const codes = { recordGone: 81044, recordTwin: 81058 } as const

const editing = (doing: string, permission = 'Zone – DNS – Edit'): Doing => ({ doing, needs: permission })

/** The writing half: see `CloudflareWriter`. */
export const writeCloudflare = (client: CloudflareClient, zone: () => Promise<Zone>, purged: Purge[]): CloudflareWriter => {
  /** The live records of one name, with the ids that only the next call uses. */
  const recordsOf = async (name: string) => {
    const { id: zone_id } = await zone()
    const found = await client.read({ doing: `read the records of ${name}`, needs: 'Zone – DNS – Read' }, (sdk) =>
      everyPage((page) => sdk.dns.records.list({ zone_id, name: { exact: name }, page, per_page: 100 })),
    )
    return { zone_id, records: found.filter(({ type }) => type === 'A' || type === 'AAAA') }
  }
  const sought =
    ({ type, address }: Pick<AddressRecord, 'type' | 'address'>) =>
    (record: { readonly type: string; readonly content?: unknown }) =>
      record.type === type && record.content === address

  const add: CloudflareWriter['addAddress'] = async ({ name, type, address, comment, tags }) => {
    const { id: zone_id } = await zone()
    const more = { ...(comment !== undefined && { comment }), ...(tags !== undefined && { tags: [...tags] }) }
    const record = { zone_id, name, type, content: address, proxied: true, ttl: 1 as const, ...more }
    await client
      .write(editing(`add the ${type} record ${address} of ${name}`), (sdk) => sdk.dns.records.create(record))
      .catch(unless(codes.recordTwin))
  }

  return {
    addAddress: add,
    proxyAddress: async (wanted) => {
      const { name, type, address } = wanted
      const { zone_id, records } = await recordsOf(name)
      const record = records.find(sought(wanted))
      if (!record || record.proxied === true) return
      const change = { zone_id, name, type, content: address, proxied: true, ttl: 1 as const }
      await client.write(editing(`proxy the ${type} record ${address} of ${name}`), (sdk) => sdk.dns.records.edit(record.id, change))
    },
    removeAddress: async (wanted) => {
      const { name, type, address } = wanted
      const { zone_id, records } = await recordsOf(name)
      const record = records.find(sought(wanted))
      if (!record) return
      // If one record of a name is proxied all are: without a proxied one the rest would be the nodes' own addresses, in the open.
      if (!records.some((other) => other !== record && other.proxied === true)) throw lastAddress(wanted)
      await client
        .write(editing(`remove the ${type} record ${address} of ${name}`), (sdk) => sdk.dns.records.delete(record.id, { zone_id }))
        .catch(unless(codes.recordGone))
      // Between the two somebody else may have taken the others: whoever comes last sees it, and takes his own removal back.
      const left = await recordsOf(name)
      if (left.records.some(({ proxied }) => proxied === true)) return
      const { comment, tags } = record
      await add({ name, type, address, ...(comment && { comment }), ...(tags && tags.length > 0 && { tags: tags.map(String) }) })
      throw lastAddress(wanted, 'somebody else took the others meanwhile; it was put back')
    },
    purge: async (what) => {
      const { id: zone_id, name } = await zone()
      const foreign = hostsOf(what).find((host) => host !== name && !host.endsWith(`.${name}`))
      if (foreign !== undefined)
        throw new Blocked({
          code: 'cloudflare-foreign-purge',
          failed: `${foreign} is no name of the zone ${name}`,
          next: 'honeydue edge:status',
        })
      const body =
        'hosts' in what ? { hosts: [...what.hosts] } : 'urls' in what ? { files: [...what.urls] } : ({ purge_everything: true } as const)
      await client.write(editing('purge the cache', 'Zone – Cache Purge – Purge'), (sdk) => sdk.cache.purge({ zone_id, ...body }))
      purged.push(what)
    },
    createOriginCertificate: async ({ csr, names, days, key }) => {
      const request_type = key === 'ec' ? 'origin-ecc' : 'origin-rsa'
      await client.write(editing('sign an Origin CA certificate', 'Zone – SSL and Certificates – Edit'), (sdk) =>
        sdk.originCACertificates.create({ csr, hostnames: [...names], requested_validity: days, request_type }),
      )
    },
    revokeOriginCertificate: async ({ id }) => {
      await client.write(editing(`revoke Origin CA certificate ${id}`, 'Zone – SSL and Certificates – Edit'), (sdk) =>
        sdk.originCACertificates.delete(id),
      )
    },
  }
}

const lastAddress = ({ name, address }: Pick<AddressRecord, 'name' | 'address'>, because?: string): Blocked =>
  new Blocked({
    code: 'cloudflare-last-address',
    failed: `${address} is the last proxied address of ${name}`,
    cause: because ?? 'without it nobody reaches the name, or everybody sees the nodes themselves',
    next: 'honeydue edge:status',
  })

/** Passes over Cloudflare's refusal to do what is done already. */
const unless =
  (code: number) =>
  (error: unknown): void => {
    if (!(error instanceof Error && error.cause !== undefined && answeredWith(error.cause, code))) throw error
  }

const hostsOf = (what: Purge): readonly string[] =>
  'hosts' in what ? what.hosts : 'urls' in what ? what.urls.map((url) => new URL(url).hostname) : []
