import { part, sh } from '../../shell.ts'
import { statusWith } from '../curl.ts'
import { beforeCf, host, recordsLike, type SayCloudflareOptions } from './cf-lines.ts'
import type { CloudflareProver } from './types.ts'

/** The curl lines that stop where Cloudflare does not say so. An answer that did not come is none: it stops too. */
export const proveCloudflare = (options: SayCloudflareOptions): CloudflareProver => {
  const { account, inZone } = beforeCf(options)
  const answer = sh`answer=$(cf GET /ips)`
  return {
    leads: ({ name, type, address: content }) => ({
      before: inZone,
      lines: [
        sh`answer=$(${part(recordsLike({ name, type, content, proxied: 'true' }))})`,
        sh`found=$(printf '%s' "$answer" | ids); test -n "$found"`,
      ],
    }),
    leadsNot: ({ name, type, address: content }) => ({
      before: inZone,
      lines: [sh`answer=$(${part(recordsLike({ name, type, content }))})`, sh`found=$(printf '%s' "$answer" | ids); test -z "$found"`],
    }),
    ranges: () => ({
      before: account,
      lines: [answer, sh`ranges=$(printf '%s' "$answer" | tr '",' '\\n\\n' | grep -E '^[0-9a-fA-F.:]+/[0-9]+$')`],
    }),
    takesToken: (file, wanted) => ({
      lines: [
        ...[`/zones?name=${encodeURIComponent(options.zone)}`, ...(wanted ? [] : ['/user/tokens/verify'])].flatMap((path) => [
          statusWith(file, `https://${host}/client/v4${path}`, options),
          wanted
            ? sh`case "$code" in 200) ;; *) echo "answered $code" >&2; exit 1;; esac`
            : sh`case "$code" in 400|401|403) ;; *) echo "answered $code" >&2; exit 1;; esac`,
        ]),
      ],
    }),
    notListed: ({ id }) => ({
      before: inZone,
      lines: [
        sh`answer=$(cf GET "/certificates?per_page=50&zone_id=$zone"); listed=$(printf '%s' "$answer" | ids)`,
        sh`case " "$(echo $listed)" " in *" "${id}" "*) false ;; esac`,
      ],
    }),
  }
}
