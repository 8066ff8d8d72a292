import type { System } from '../systems.ts'
import type { AddressRecord, CloudflareReader, CloudflareWriter } from './types.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
const json = (value: unknown): string => `-X POST --json ${quoted(JSON.stringify(value))}`

/** The curl lines that do what the writer does. The token goes in on standard input, so that no process list shows it. */
export const sayCloudflare = (zone: string): System<CloudflareReader, CloudflareWriter>['say'] => {
  const cf = `cf() { printf 'Authorization: Bearer %s' "$CLOUDFLARE_API_TOKEN" | curl -sS --fail-with-body -H @- "https://api.cloudflare.com/client/v4/$@"; }`
  const first = [cf, `zone=$(cf 'zones?name=${zone}' | jq -r '.result[0].id')`]
  const records = '"zones/$zone/dns_records'
  const find = ({ name, type, address }: Pick<AddressRecord, 'name' | 'type' | 'address'>) =>
    `record=$(cf ${records}?type=${type}&name=${name}&content=${address}" | jq -r '.result[0].id')`
  const target = ({ name, type, address }: Pick<AddressRecord, 'name' | 'type' | 'address'>) => `${type} record ${address} of ${name}`
  return {
    addAddress: (record) => {
      const { name, type, address: content, comment } = record
      const body = { type, name, content, proxied: true, ttl: 1, ...(comment !== undefined && { comment }) }
      return { line: [...first, `cf ${records}" ${json(body)}`], target: target(record) }
    },
    proxyAddress: (record) => ({
      line: [...first, find(record), `cf ${records}/$record" -X PATCH --json '{"proxied":true}'`],
      target: target(record),
    }),
    removeAddress: (record) => ({
      line: [...first, find(record), `cf ${records}/$record" -X DELETE`],
      target: target(record),
    }),
    purge: (what) => {
      const body = 'hosts' in what ? { hosts: what.hosts } : 'urls' in what ? { files: what.urls } : { purge_everything: true }
      return { line: [...first, `cf "zones/$zone/purge_cache" ${json(body)}`], target: `the edge's cache of ${zone}` }
    },
    createOriginCertificate: ({ names, days, key, files = { request: 'cloudflare-origin.csr', certificate: 'cloudflare-origin.crt' } }) => {
      const type = key === 'ec' ? 'origin-ecc' : 'origin-rsa'
      const body = `{csr: ., hostnames: ${JSON.stringify(names)}, requested_validity: ${days}, request_type: "${type}"}`
      return {
        line: [
          cf,
          `jq -Rs '${body}' < ${files.request} > request.json`,
          `cf certificates -X POST --json @request.json | jq -r .result.certificate > ${files.certificate}`,
        ],
        target: `Origin CA certificate for ${names.join(', ')}`,
      }
    },
    revokeOriginCertificate: ({ id }) => ({ line: [cf, `cf certificates/${id} -X DELETE`], target: `Origin CA certificate ${id}` }),
  }
}
