import type { View } from '../plan/report.ts'
import { type Here, saidHere, typedHere } from './here.ts'
import { isCircular, lookNext } from './look-next.ts'

/** A report whose lines lead to the deployment that was looked at, and none back to the report that says them. */
export const viewHere = (view: View, id: string, here: Here): View => ({
  ...view,
  tables: view.tables.map((table) => ({
    ...table,
    rows: table.rows.map((row) => row.map((cell) => (/^(?:honeydue|kubectl|ssh) /.test(cell) ? typedHere(cell, here) : cell))),
  })),
  findings: view.findings.map((finding) => ({
    ...finding,
    text: saidHere(finding.text, here),
    ...(finding.next !== undefined && { next: typedHere(isCircular(finding.next, id) ? lookNext(id) : finding.next, here) }),
  })),
})
