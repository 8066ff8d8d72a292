import { part, type ShellLine, sh } from '../../shell.ts'
import type { Said, System } from '../systems.ts'
import { type Address, beforeCf, recordsLike, type SayCloudflareOptions } from './cf-lines.ts'
import { addRequest, type CloudflareRequest, proxyRequest, purgeRequest, removeRequest, revokeRequest, signRequest } from './requests.ts'
import type { CloudflareReader, CloudflareWriter } from './types.ts'

/** The curl lines that send what the writer sends. */
export const sayCloudflare = (options: SayCloudflareOptions): System<CloudflareReader, CloudflareWriter>['say'] => {
  const { zone } = options
  const { account, inZone } = beforeCf(options)
  const records = (query: Readonly<Record<string, string>>): ShellLine => sh`${part(recordsLike(query))} | ids`
  const find = ({ name, type, address: content }: Address): ShellLine =>
    sh`record=$(${part(records({ name, type, content }))}); : "\${record:?there is no such record}"`
  const said = (before: readonly ShellLine[], line: readonly ShellLine[], target: string): Said => ({ before, line, target })
  const target = ({ name, type, address }: Address) => `${type} record ${address} of ${name}`
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
