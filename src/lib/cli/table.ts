import type { ChalkInstance } from 'chalk'
import type { Table } from '../plan/report.ts'
import { isPlain, record } from './manner.ts'
import { shown, shownInBrief } from './shown.ts'
import { columnsOf, wrap } from './wrap.ts'

const gap = 2

/** The narrowest that a column gets while another can still give way. */
const narrow = 12

/** Columns of the terminal for each column of the table: what is widest gives way first. */
const fitting = (natural: readonly number[], limit: number): readonly number[] => {
  const widths = natural.map((width) => Math.min(width, limit))
  const over = () => widths.reduce((sum, width) => sum + width + gap, -gap) - limit
  for (const floor of [narrow, 1]) {
    for (let left = over(); left > 0; left--) {
      const widest = Math.max(...widths)
      if (widest <= floor) break
      widths[widths.indexOf(widest)] = widest - 1
    }
  }
  return widths
}

/** Aligned columns without borders; a cell that has no room goes on below itself. `style` is of a whole column's cells. */
export const renderTable = (
  { title, columns, rows }: Table,
  chalk: ChalkInstance,
  { limit = process.stdout.columns, style = [] }: { readonly limit?: number | undefined; readonly style?: readonly ChalkInstance[] } = {},
): string => {
  if (isPlain()) return rows.map((row) => record(row.length > 0 && title ? [title, ...row] : row, shown)).join('\n')
  const head = columns.some(Boolean) ? [columns] : []
  const cells = [...head, ...rows].map((row) => row.map((cell) => shownInBrief(cell)))
  const count = Math.max(0, ...cells.map((row) => row.length))
  const natural = Array.from({ length: count }, (_, i) => cells.reduce((most, row) => Math.max(most, columnsOf(row[i] ?? '')), 0))
  const widths = limit ? fitting(natural, limit) : natural
  const lines = cells.flatMap((row, at) => {
    const broken = widths.map((width, i) => (columnsOf(row[i] ?? '') > width ? wrap(row[i] ?? '', width) : [row[i] ?? '']))
    const paint = (text: string, i: number) => (text === '' ? '' : at < head.length ? chalk.bold(text) : (style[i] ?? String)(text))
    return Array.from({ length: Math.max(1, ...broken.map((part) => part.length)) }, (_, line) => {
      const parts = broken.map((part) => part[line] ?? '')
      const last = parts.findLastIndex(Boolean)
      return parts
        .slice(0, last + 1)
        .map((part, i) => paint(part, i) + (i === last ? '' : ' '.repeat(Math.max(0, (widths[i] ?? 0) - columnsOf(part)) + gap)))
        .join('')
    })
  })
  return [...(title ? wrap(shownInBrief(title), limit || Number.POSITIVE_INFINITY).map((line) => chalk.bold(line)) : []), ...lines].join(
    '\n',
  )
}
