import { part, type ShellLine, sh, words } from '../../shell.ts'
import { curlTo } from '../curl.ts'
import type { Trust } from '../https.ts'
import type { Said, System } from '../systems.ts'
import { base } from './client.ts'
import { markRequest } from './requests.ts'
import type { NeonReader, NeonWriter } from './types.ts'

export interface SayNeonOptions extends Trust {
  readonly project?: string | undefined
  readonly api_key_command?: readonly string[] | undefined
}

/** `neon METHOD /path [curl's options]`. The key goes in on standard input, so that no process list shows it. */
const neon = (trust: Trust): ShellLine =>
  sh`neon() { how=$1 to=$2; shift 2; printf 'Authorization: Bearer %s' "$NEON_API_KEY" | ${part(curlTo(new URL(base).hostname, trust))} --fail-with-body -H @- -H 'Content-Type: application/json' -X "$how" ${part(sh`${base}`)}/projects/"$NEON_PROJECT$to" "$@"; }`

/** The curl lines that send what the writer sends. */
export const sayNeon = ({ project, api_key_command: command, ...trust }: SayNeonOptions): System<NeonReader, NeonWriter>['say'] => {
  const before = [
    command === undefined ? sh`: "\${NEON_API_KEY:?an API key of Neon}"` : sh`NEON_API_KEY=$(${words(command)})`,
    project === undefined ? sh`: "\${NEON_PROJECT:?the id of the project at Neon}"` : sh`NEON_PROJECT=${project}`,
    neon(trust),
  ]
  const said = (line: readonly ShellLine[], target: string): Said => ({ before, line, target })
  return {
    markVersion: ({ parent, version }) => {
      const [head = '', tail = ''] = JSON.stringify(markRequest('', { parent, name: '\u0000' }).body).split('\\u0000')
      return said(
        [
          sh`name=before-$(date -u +%Y%m%d-%H%M)-v${version}`,
          sh`neon POST /branches --data ${head}"$name"${tail} > /dev/null`,
          sh`echo "made $name"`,
        ],
        `the restore point of version ${version}`,
      )
    },
    deleteMark: ({ id, name }) => said([sh`neon DELETE ${`/branches/${id}`} > /dev/null`], `the branch ${name}`),
  }
}
