import { type ShellLine, sh, words } from '../../shell.ts'
import { reaching } from '../curl.ts'
import type { Trust } from '../https.ts'
import type { MetricsProver } from './types.ts'

/** `status TOKEN_FILE …`: what a GET with the token in a file is answered with; the token goes in by curl's configuration on standard input. */
const status = (options: readonly string[], file: string): ShellLine =>
  sh`code=$({ printf 'header = "Authorization: Bearer '; sed ${'s/[\\\\"]/\\\\&/g'} ${file} | tr -d '\\r\\n'; printf '"\\n'; } | curl -sS --max-time 30 -o /dev/null -w '%{http_code}' -K - ${words(options)})`

/** The curl lines that stop where the write address says otherwise of a token; a GET there writes nothing. */
export const proveMetrics = ({ write, ...trust }: { readonly write: string } & Trust): MetricsProver => {
  const { hostname, port } = new URL(write)
  const options = [...reaching(hostname, Number(port || 443), trust), write]
  return {
    takes: (file, wanted) => ({
      lines: [
        status(options, file),
        wanted
          ? sh`case "$code" in 401|403|404|000|5??) echo "answered $code" >&2; exit 1;; esac`
          : sh`case "$code" in 401|403) ;; *) echo "answered $code" >&2; exit 1;; esac`,
      ],
    }),
  }
}
