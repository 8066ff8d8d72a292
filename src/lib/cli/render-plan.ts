import type { ChalkInstance } from 'chalk'
import type { Plan, PlannedStep } from '../plan/plan.ts'
import { markOf } from './deployment-mark.ts'
import { shown } from './shown.ts'
import { hang, screenWidth, wrap } from './wrap.ts'

const marks = { change: '~', gate: '?', proof: '=' } as const

const renderStep = (step: PlannedStep, number: number, chalk: ChalkInstance): readonly string[] => {
  const lead = `${String(number).padStart(2)} ${marks[step.kind]} `
  const known = step.already ? '(already so)' : step.kind === 'change' ? `(${step.fidelity})` : ''
  const title = wrap(`${shown(step.title)}${known && `  ${chalk.dim(known)}`}`, screenWidth() - lead.length)
  const head = title.map((line, i) => (i === 0 ? lead : ' '.repeat(lead.length)) + line)
  if (step.already) return head
  return [
    ...head,
    ...step.effect.flatMap(({ what, before, after, note }) => [
      ...hang('       ', `${what}${note ? `  (${note})` : ''}`),
      ...hang('       - ', before).map((line) => chalk.red(line)),
      ...hang('       + ', after).map((line) => chalk.green(line)),
    ]),
    ...(step.kind === 'gate' ? step.manual.flatMap((ask) => hang('       asks: ', ask.replace(/^# /, ''))) : []),
    ...(step.type === undefined ? [] : [`       type: ${shown(step.type)}`]),
    ...(step.kind === 'change' && step.undo && step.undo !== 'undo' ? hang('       cannot be undone: ', step.undo) : []),
  ]
}

const meanings: Readonly<Record<string, string>> = {
  change: '~ changes something',
  gate: '? asks you',
  proof: '= is proved before and after',
  observed: 'observed: worked out from what was read',
  predicted: 'predicted: the server accepted a dry run',
  opaque: 'opaque: known only by doing it',
}

/** What the marks of these steps mean. */
const legend = (steps: readonly PlannedStep[]): string => {
  const used = steps.flatMap(({ kind, fidelity, already }) => (kind === 'change' && !already ? [kind, fidelity] : [kind]))
  return Object.entries(meanings)
    .flatMap(([mark, meaning]) => (used.some((one) => one === mark) ? [meaning] : []))
    .join(' · ')
}

const noReturn = (chalk: ChalkInstance): string => chalk.red('   ── no return: what is done from here on cannot be taken back ──')

const listed = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : [title, ...lines.flatMap((line) => hang('  ', line))].join('\n')

/** All of a plan but its shell lines: the target, each step with its effect, what could not be checked and is worth knowing, what blocks it. */
export const renderPlan = (plan: Plan, chalk: ChalkInstance): string =>
  [
    wrap(
      `${markOf(plan.environment, chalk)}  ${chalk.bold(shown(plan.title))}${plan.section === undefined ? '' : chalk.dim(`  §${plan.section}`)}  ${chalk.dim(`plan ${plan.name}`)}`,
      screenWidth(),
    ).join('\n'),
    plan.target.flatMap((line) => hang('  ', line)).join('\n'),
    plan.steps.flatMap((step, i) => [...(i === plan.noReturn ? [noReturn(chalk)] : []), ...renderStep(step, i + 1, chalk)]).join('\n'),
    hang('', legend(plan.steps))
      .map((line) => chalk.dim(line))
      .join('\n'),
    listed('Could not be checked:', plan.uncheckable),
    listed('Worth knowing:', plan.beyond),
    plan.outlier === undefined ? '' : hang(`${chalk.yellow('Unusual:')} `, plan.outlier).join('\n'),
    listed(chalk.red('Blocked:'), plan.blocked),
  ]
    .filter(Boolean)
    .join('\n\n')
