import type { ChalkInstance } from 'chalk'
import type { Observation, View } from '../plan/report.ts'
import { isPlain, record } from './manner.ts'
import { shown, shownInBrief } from './shown.ts'
import { renderTable } from './table.ts'
import { columnsOf, cut, hang, screenWidth } from './wrap.ts'

const lead = ({ level }: Observation, chalk: ChalkInstance): string => (level === 'wrong' ? chalk.red('wrong  ') : chalk.yellow('warning'))

/** What is to be typed is never broken: it is copied. */
const renderFinding = (finding: Observation, chalk: ChalkInstance): readonly string[] => [
  ...hang(`${lead(finding, chalk)}  `, finding.text),
  ...(finding.next ? [`         next: ${shown(finding.next)}`] : []),
]

const counted = (count: number, word: string): string => `${count} ${word}${count === 1 || word === 'wrong' ? '' : 's'}`

/** The report in one line, so that the last screen says what the first one does; the command to type has its own where it does not fit. */
const renderVerdict = ({ findings, unreachable }: View, chalk: ChalkInstance, width = screenWidth()): string => {
  const wrong = findings.filter(({ level }) => level === 'wrong')
  const warnings = findings.length - wrong.length
  const first = wrong[0] ?? findings[0]
  const counts = [...(wrong.length > 0 ? [counted(wrong.length, 'wrong')] : []), ...(warnings > 0 ? [counted(warnings, 'warning')] : [])]
  const all = wrong.length > 0 ? counts.join(', ') : [unreachable ? 'Nothing could be reached.' : 'Nothing is wrong.', ...counts].join(' ')
  const said = (text: string) => (wrong.length > 0 || unreachable ? chalk.red(text) : chalk.green(text))
  if (!first) return said(all)
  const begin = `${all}; first: `
  const text = shownInBrief(first.text)
  const next = first.next === undefined ? '' : shown(first.next)
  const whole = `${begin}${text}${next && `; next: ${next}`}`
  if (columnsOf(whole) <= width) return said(all) + whole.slice(all.length)
  const short = said(all) + cut(`${begin}${text}`, width).slice(all.length)
  return next ? `${short}\nnext: ${next}` : short
}

/** Findings first, each with its level; then the rows of the tables, each with the title of its table where it has one. */
const plainView = ({ findings, tables, notes = [] }: View): string =>
  [
    ...findings.map(({ level, text, next = '' }) => record([level, text, next], shown)),
    ...tables.flatMap(({ title = '', rows }) => rows.map((row) => record([title, ...row], shown))),
    ...notes.map((note) => record(['note', note], shown)),
  ].join('\n')

/** What was seen, without a word about what it means. */
export const renderTables = ({ tables }: View, chalk: ChalkInstance): string =>
  tables.map((table) => renderTable(table, chalk)).join('\n\n')

/** A report: what is wrong first, the tables, what else is worth knowing, and the verdict last: on a picture that is cut below, `verdictFirst`. */
export const renderView = (view: View, chalk: ChalkInstance, { verdictFirst = false } = {}): string => {
  if (isPlain()) return plainView(view)
  const verdict = renderVerdict(view, chalk)
  return [
    ...(verdictFirst ? [verdict] : []),
    view.findings.flatMap((finding) => renderFinding(finding, chalk)).join('\n'),
    renderTables(view, chalk),
    (view.notes ?? []).flatMap((note) => hang('', note)).join('\n'),
    ...(verdictFirst ? [] : [verdict]),
  ]
    .filter(Boolean)
    .join('\n\n')
}
