import { stripVTControlCharacters } from 'node:util'
import { Chalk, type ChalkInstance, supportsColor, supportsColorStderr } from 'chalk'
import Table from 'cli-table3'
import type { Trouble } from '../errors.ts'
import type { Plan, PlannedStep } from '../plan/plan.ts'
import type { Table as Rows, View } from '../plan/report.ts'
import { markOf } from './deployment-mark.ts'
import { quoted } from './typed-line.ts'
import { hang } from './wrap.ts'

/** Colour for a stream that shows it, by the terminal, NO_COLOR and FORCE_COLOR; `false` has none. */
export const paint = (stream: NodeJS.WriteStream | false): ChalkInstance => {
  const support = stream === process.stderr ? supportsColorStderr : supportsColor
  return new Chalk({ level: !stream || process.env['NO_COLOR'] || !support ? 0 : support.level })
}

const bare = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ].map((part) => [part, '']),
)

/** The widths at which a table is no wider than `limit`: its widest column gives way, down to 20. Undefined when it fits. */
const fitting = (lines: readonly (readonly string[])[], limit: number): number[] | undefined => {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((line) => stripVTControlCharacters(line[i] ?? '').length)))
  const over = widths.reduce((sum, width) => sum + width + 2, -2) - limit
  const widest = widths.indexOf(Math.max(...widths))
  return over > 0 ? widths.map((width, i) => (i === widest ? Math.max(width - over, 20) : width)) : undefined
}

/** Aligned columns without borders; a cell that has no room on the terminal goes on below itself. */
export const renderTable = ({ title, columns, rows }: Rows, chalk: ChalkInstance, limit = process.stdout.columns): string => {
  const colWidths = limit ? fitting([columns, ...rows], limit) : undefined
  const table = new Table({
    ...(colWidths && { colWidths, wordWrap: true, wrapOnWordBoundary: false }),
    head: columns.some(Boolean) ? columns.map((column) => chalk.bold(column)) : [],
    chars: { ...bare, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  })
  table.push(...rows.map((row) => [...row]))
  const text = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
  return title ? `${chalk.bold(title)}\n${text}` : text
}

/** A report: what is wrong first, then the tables, then what else is worth knowing. */
export const renderView = (view: View, chalk: ChalkInstance): string => {
  const findings = view.findings.flatMap(({ level, text, next }) => [
    ...hang(`${level === 'wrong' ? chalk.red('wrong  ') : chalk.yellow('warning')}  `, text),
    ...(next ? [`         next: ${next}`] : []),
  ])
  const wrong = view.findings.some(({ level }) => level === 'wrong')
  const summary = view.unreachable ? [] : wrong ? [] : [chalk.green('Nothing is wrong.')]
  return [
    [...findings, ...summary].join('\n'),
    ...view.tables.map((table) => renderTable(table, chalk)),
    (view.notes ?? []).flatMap((note) => hang('', note)).join('\n'),
  ]
    .filter(Boolean)
    .join('\n\n')
}

const marks = { change: '~', gate: '?', proof: '=' } as const

const renderStep = (step: PlannedStep, number: number, chalk: ChalkInstance): readonly string[] => [
  `${String(number).padStart(2)} ${marks[step.kind]} ${step.title}${step.already || step.kind === 'change' ? `  ${chalk.dim(step.already ? '(already so)' : `(${step.fidelity})`)}` : ''}`,
  ...step.effect.flatMap(({ what, before, after, note }) => [
    ...hang('       ', `${what}${note ? `  (${note})` : ''}`),
    ...hang('       - ', before).map((line) => chalk.red(line)),
    ...hang('       + ', after).map((line) => chalk.green(line)),
  ]),
  ...(step.kind === 'gate' && !step.already ? step.manual.flatMap((ask) => hang('       asks: ', ask.replace(/^# /, ''))) : []),
  ...(step.type !== undefined && !step.already ? [`       type: ${step.type}`] : []),
  ...(step.kind === 'change' && !step.already ? step.manual.map((line) => chalk.dim(`       $ ${line}`)) : []),
  ...(step.kind === 'change' && !step.already && step.undo && step.undo !== 'undo' ? hang('       cannot be undone: ', step.undo) : []),
]

const noReturn = (chalk: ChalkInstance): string => chalk.red('   ── no return: what is done from here on cannot be taken back ──')

const listed = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : [title, ...lines.flatMap((line) => hang('  ', line))].join('\n')

/** A plan: the target, each step with its effect and shell lines, what could not be checked and is worth knowing, what blocks it. */
export const renderPlan = (plan: Plan, chalk: ChalkInstance): string =>
  [
    `${markOf(plan.environment, chalk)}  ${chalk.bold(plan.title)}${plan.section === undefined ? '' : chalk.dim(`  §${plan.section}`)}  ${chalk.dim(`plan ${plan.name}`)}`,
    plan.target.flatMap((line) => hang('  ', line)).join('\n'),
    plan.steps.flatMap((step, i) => [...(i === plan.noReturn ? [noReturn(chalk)] : []), ...renderStep(step, i + 1, chalk)]).join('\n'),
    listed('Could not be checked:', plan.uncheckable),
    listed('Worth knowing:', plan.beyond),
    plan.confirm === undefined
      ? ''
      : [
          'Asks before it begins; where nobody can be asked:',
          `  --confirm ${quoted(plan.confirm)}${plan.risk === 'irreversible' ? ` --plan ${plan.name}` : ''}`,
        ].join('\n'),
    listed(chalk.red('Blocked:'), plan.blocked),
  ]
    .filter(Boolean)
    .join('\n\n')

/** The four parts of an error, aligned; what is to be typed is never broken. */
export const renderTrouble = (trouble: Trouble, chalk: ChalkInstance): string =>
  [
    ...hang(`${chalk.red('failed')}  `, trouble.failed),
    ...trouble.details.map((line) => `        ${line}`),
    ...hang('state   ', trouble.state),
    ...(trouble.likely ? hang('cause   ', trouble.likely) : []),
    ...(trouble.next ? [`next    ${trouble.next}`] : []),
  ].join('\n')
