import { part, type ShellLine, sh, words } from '../../shell.ts'
import { curlTo } from '../curl.ts'
import type { Trust } from '../https.ts'
import type { AddressRecord } from './types.ts'

export interface SayCloudflareOptions extends Trust {
  readonly zone: string
  /** Prints the token, where the environment has such a command; otherwise the variable has it. */
  readonly tokenCommand?: readonly string[] | undefined
}

export const host = 'api.cloudflare.com'

/** `cf METHOD /path [curl's options]`. The token goes in on standard input, so that no process list shows it. */
const cf = (trust: Trust): ShellLine =>
  sh`cf() { how=$1 path=$2; shift 2; printf 'Authorization: Bearer %s' "$CLOUDFLARE_API_TOKEN" | ${part(curlTo(host, trust))} --fail-with-body -H @- -H 'Content-Type: application/json' -X "$how" "https://api.cloudflare.com/client/v4$path" "$@"; }`

/** The ids in an answer: cut where a value begins or ends, `"id"` begins a line only where it is a name. */
const ids = sh`ids() { tr '{,' '\\n\\n' | sed -n 's/^ *"id" *: *"\\([0-9a-f]*\\)".*/\\1/p'; }`

/** What lines of the account, and of the zone, rely on. */
export const beforeCf = ({ zone, tokenCommand, ...trust }: SayCloudflareOptions) => {
  const token = tokenCommand
    ? sh`CLOUDFLARE_API_TOKEN=$(${words(tokenCommand)})`
    : sh`: "\${CLOUDFLARE_API_TOKEN:?an API token of Cloudflare}"`
  const account: readonly ShellLine[] = [token, cf(trust)]
  const inZone: readonly ShellLine[] = [
    ...account,
    ids,
    sh`zone=$(cf GET ${`/zones?name=${encodeURIComponent(zone)}&status=active`} | ids | head -n 1); : "\${zone:?Cloudflare has no active zone of that name}"`,
  ]
  return { account, inZone }
}

/** Prints the ids of the zone's records that are like that. */
export const recordsLike = (query: Readonly<Record<string, string>>): ShellLine =>
  sh`cf GET /zones/"$zone"${`/dns_records?${new URLSearchParams(query)}`}`

export type Address = Pick<AddressRecord, 'name' | 'type' | 'address'>
