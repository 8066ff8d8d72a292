import { sh } from '../../shell.ts'
import { statusWith } from '../curl.ts'
import type { Trust } from '../https.ts'
import type { MetricsProver } from './types.ts'

/** The curl lines that stop where the write address says otherwise of a token; a GET there writes nothing. */
export const proveMetrics = ({ write, ...trust }: { readonly write: string } & Trust): MetricsProver => {
  return {
    takes: (file, wanted) => ({
      lines: [
        statusWith(file, write, trust),
        wanted
          ? sh`case "$code" in 401|403|404|000|5??) echo "answered $code" >&2; exit 1;; esac`
          : sh`case "$code" in 401|403) ;; *) echo "answered $code" >&2; exit 1;; esac`,
      ],
    }),
  }
}
