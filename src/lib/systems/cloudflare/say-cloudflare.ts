import { part, type ShellLine, sh, words } from '../../shell.ts'
import { curlTo } from '../curl.ts'
import type { Trust } from '../https.ts'
import type { Said, System } from '../systems.ts'
import { addRequest, type CloudflareRequest, proxyRequest, purgeRequest, removeRequest, revokeRequest, signRequest } from './requests.ts'
import type { AddressRecord, CloudflareReader, CloudflareWriter } from './types.ts'

export interface SayCloudflareOptions extends Trust {
  readonly zone: string
  /** Prints the token, where the environment has such a command; otherwise the variable has it. */
  readonly tokenCommand?: readonly string[] | undefined
}

const host = 'api.cloudflare.com'

/** `cf METHOD /path [curl's options]`. The token goes in on standard input, so that no process list shows it. */
const cf = (trust: Trust): ShellLine =>
  sh`cf() { how=$1 path=$2; shift 2; printf 'Authorization: Bearer %s' "$CLOUDFLARE_API_TOKEN" | ${part(curlTo(host, trust))} --fail-with-body -H @- -H 'Content-Type: application/json' -X "$how" "https://api.cloudflare.com/client/v4$path" "$@"; }`

/** The ids in an answer: cut where a value begins or ends, `"id"` begins a line only where it is a name. */
const ids = sh`ids() { tr '{,' '\\n\\n' | sed -n 's/^ *"id" *: *"\\([0-9a-f]*\\)".*/\\1/p'; }`

/** The curl lines that send what the writer sends. */
export const sayCloudflare = ({
  zone,
  tokenCommand,
  ...trust
}: SayCloudflareOptions): System<CloudflareReader, CloudflareWriter>['say'] => {
  const token = tokenCommand
    ? sh`CLOUDFLARE_API_TOKEN=$(${words(tokenCommand)})`
    : sh`: "\${CLOUDFLARE_API_TOKEN:?an API token of Cloudflare}"`
  const account = [token, cf(trust)]
  const inZone = [
    ...account,
    ids,
    sh`zone=$(cf GET ${`/zones?name=${encodeURIComponent(zone)}&status=active`} | ids | head -n 1); : "\${zone:?Cloudflare has no active zone of that name}"`,
  ]
  const records = (query: Readonly<Record<string, string>>): ShellLine =>
    sh`cf GET /zones/"$zone"${`/dns_records?${new URLSearchParams(query)}`} | ids`
  const find = ({ name, type, address: content }: Pick<AddressRecord, 'name' | 'type' | 'address'>): ShellLine =>
    sh`record=$(${part(records({ name, type, content }))}); : "\${record:?there is no such record}"`
  const said = (before: readonly ShellLine[], line: readonly ShellLine[], target: string): Said => ({ before, line, target })
  const target = ({ name, type, address }: Pick<AddressRecord, 'name' | 'type' | 'address'>) => `${type} record ${address} of ${name}`
  return {
    addAddress: (record) => said(inZone, [sent(addRequest(record))], target(record)),
    proxyAddress: (record) => said(inZone, [find(record), sent(proxyRequest(record))], target(record)),
    // Without another proxied record nobody would reach the name, or everybody would see the nodes themselves.
    removeAddress: (record) =>
      said(
        inZone,
        [
          find(record),
          sh`others=$(${part(records({ name: record.name, proxied: 'true' }))} | grep -vxF "$record" || true); : "\${others:?it is the last proxied address}"`,
          sent(removeRequest),
        ],
        target(record),
      ),
    purge: (what) => said(inZone, [sent(purgeRequest(what))], `the edge's cache of ${zone}`),
    createOriginCertificate: ({ files = { request: 'cloudflare-origin.csr', certificate: 'cloudflare-origin.crt' }, ...wanted }) => {
      const [before = '', after = ''] = JSON.stringify(signRequest({ ...wanted, csr: '\u0000' }).body).split('\\u0000')
      return said(
        account,
        [
          sh`csr=$(awk '{ printf "%s\\\\n", $0 }' ${files.request})`,
          sh`signed=$(cf POST /certificates --data ${before}"$csr"${after} | tr -d '\\n' | sed -n 's/.*"certificate" *: *"\\([^"]*\\)".*/\\1/p')`,
          sh`printf '%b' "$signed" > ${`${files.certificate}.unproved`}`,
          sh`signed=$(openssl x509 -in ${`${files.certificate}.unproved`} -noout -pubkey)`,
          sh`asked=$(openssl req -in ${files.request} -noout -pubkey); test "$signed" = "$asked"`,
          sh`mv ${`${files.certificate}.unproved`} ${files.certificate}`,
        ],
        `Origin CA certificate for ${wanted.names.join(', ')}`,
      )
    },
    revokeOriginCertificate: ({ id }) => said(account, [sent(revokeRequest({ id }))], `Origin CA certificate ${id}`),
  }
}

/** The line of a request; ids that were looked up are the shell's variables. */
const sent = ({ method, path, body }: CloudflareRequest): ShellLine => {
  const pieces = path.split(/(:\w+)/).map((piece) => (piece === ':zone' ? sh`"$zone"` : piece === ':record' ? sh`"$record"` : sh`${piece}`))
  const to = part(pieces.filter((piece) => piece !== "''").reduce((line, piece) => sh`${part(line)}${part(piece)}`, sh``))
  // What Cloudflare answers to a write is of no use to anybody but the next line.
  return body === undefined ? sh`cf ${method} ${to} > /dev/null` : sh`cf ${method} ${to} --data ${JSON.stringify(body)} > /dev/null`
}
