import { part, type ShellLine, sh, words } from '../../shell.ts'
import { curlTo } from '../curl.ts'
import type { Trust } from '../https.ts'
import type { Said, System } from '../systems.ts'
import { base } from './client.ts'
import { markRequest } from './requests.ts'
import type { NeonProver, NeonReader, NeonWriter } from './types.ts'

export interface SayNeonOptions extends Trust {
  readonly project?: string | undefined
  readonly api_key_command?: readonly string[] | undefined
}

/** `neon METHOD /path [curl's options]`. The key goes in on standard input, so that no process list shows it. */
const neon = (trust: Trust): ShellLine =>
  sh`neon() { method=$1 to=$2; shift 2; printf 'Authorization: Bearer %s' "$NEON_API_KEY" | ${part(curlTo(new URL(base).hostname, trust))} --fail-with-body -H @- -H 'Content-Type: application/json' -X "$method" ${part(sh`${base}`)}/projects/"$NEON_PROJECT$to" "$@"; }`

/** What the lines rely on. */
const beforeNeon = ({ project, api_key_command: command, ...trust }: SayNeonOptions): readonly ShellLine[] => [
  command === undefined ? sh`: "\${NEON_API_KEY:?an API key of Neon}"` : sh`NEON_API_KEY=$(${words(command)})`,
  project === undefined ? sh`: "\${NEON_PROJECT:?the id of the project at Neon}"` : sh`NEON_PROJECT=${project}`,
  neon(trust),
]

/** The curl lines that stop where Neon does not say so. */
export const proveNeon = (options: SayNeonOptions): NeonProver => ({
  ready: (within) => ({
    before: [
      ...beforeNeon(options),
      // A branch begins where an object does that begins with an id.
      sh`ready() { neon GET /branches | tr -d '\\n' | awk '{ gsub(/[{] *"id"/, "\\n&"); print }' | grep -F "\\"$1\\"" | grep -q '"current_state" *: *"ready"'; }`,
    ],
    lines: [sh`within ${Math.ceil(within / 1000)} ready "\${name:?of the branch that was made, as Neon lists it}"`],
  }),
})

/** The curl lines that send what the writer sends. */
export const sayNeon = (options: SayNeonOptions): System<NeonReader, NeonWriter>['say'] => {
  const before = beforeNeon(options)
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
