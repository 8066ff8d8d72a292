import { Blocked } from '../../errors.ts'
import type { CloudflareClient, Doing } from './client.ts'
import { everyPage } from './read-cloudflare.ts'
import {
  addRequest,
  type CloudflareRequest,
  pathWith,
  proxyRequest,
  purgeRequest,
  removeRequest,
  revokeRequest,
  signRequest,
} from './requests.ts'
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

  const send = async (doing: Doing, request: CloudflareRequest, ids: Readonly<Record<string, string>> = {}): Promise<void> => {
    const { method, body } = request
    const how = method.toLowerCase() as Lowercase<CloudflareRequest['method']>
    await client.write(doing, (sdk) => sdk[how](pathWith(request, ids), body === undefined ? {} : { body }))
  }

  const add: CloudflareWriter['addAddress'] = async (record) => {
    const { name, type, address } = record
    const { id } = await zone()
    await send(editing(`add the ${type} record ${address} of ${name}`), addRequest(record), { zone: id }).catch(unless(codes.recordTwin))
  }

  return {
    addAddress: add,
    proxyAddress: async (wanted) => {
      const { name, type, address } = wanted
      const { zone_id, records } = await recordsOf(name)
      const record = records.find(sought(wanted))
      if (!record || record.proxied === true) return
      await send(editing(`proxy the ${type} record ${address} of ${name}`), proxyRequest(wanted), { zone: zone_id, record: record.id })
    },
    removeAddress: async (wanted) => {
      const { name, type, address } = wanted
      const { zone_id, records } = await recordsOf(name)
      const record = records.find(sought(wanted))
      if (!record) return
      // If one record of a name is proxied all are: without a proxied one the rest would be the nodes' own addresses, in the open.
      if (!records.some((other) => other !== record && other.proxied === true)) throw lastAddress(wanted)
      await send(editing(`remove the ${type} record ${address} of ${name}`), removeRequest, { zone: zone_id, record: record.id }).catch(
        unless(codes.recordGone),
      )
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
      await send(editing('purge the cache', 'Zone – Cache Purge – Purge'), purgeRequest(what), { zone: zone_id })
      purged.push(what)
    },
    createOriginCertificate: (wanted) =>
      send(editing('sign an Origin CA certificate', 'Zone – SSL and Certificates – Edit'), signRequest(wanted)),
    revokeOriginCertificate: ({ id }) =>
      send(editing(`revoke Origin CA certificate ${id}`, 'Zone – SSL and Certificates – Edit'), revokeRequest({ id })),
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
