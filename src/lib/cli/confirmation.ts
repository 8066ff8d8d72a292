import type { ChalkInstance } from 'chalk'
import { Declined, Usage } from '../plan/errors.ts'
import type { Plan } from '../plan/plan.ts'
import type { Prompts } from './prompts.ts'

/** What stands above the question: the live target, what cannot be taken back, and how the rest is. */
const renderConfirmation = ({ target, steps }: Plan, chalk: ChalkInstance): string => {
  const changes = steps.map((step, i) => ({ ...step, number: i + 1 })).filter(({ kind, already }) => kind === 'change' && !already)
  const final = changes.filter(({ undo }) => undo !== undefined && undo !== 'undo')
  const [first] = final
  const number = (count: number) => `${count} step${count === 1 ? '' : 's'}`
  const rows = [
    ...target.map((line) => ['target', line]),
    ...(first
      ? [
          ['no return', `from step ${first.number} on: ${first.title}`],
          ['', first.undo ?? ''],
        ]
      : [['no return', 'none: every step can be taken back']]),
    [
      'undo',
      changes.length === final.length
        ? 'nothing can be taken back'
        : `offered after a failure or Ctrl-C, for ${number(changes.length - final.length)}`,
    ],
  ]
  return rows.map(([name = '', text], i) => `${chalk.bold((name === rows[i - 1]?.[0] ? '' : name).padEnd(10))} ${text}`).join('\n')
}

/** Returns when the plan may be applied. Throws Usage where `--confirm` names another subject, Declined where the answer is no. */
export const settleConfirmation = async (
  plan: Plan,
  given: string | undefined,
  /** The command that shows the plan again. */
  dryRun: string,
  prompts: Prompts | undefined,
  show: (text: string) => void,
  chalk: ChalkInstance,
): Promise<void> => {
  // A wrong subject is refused even where nothing would be asked: whoever typed it means another target.
  if (given !== undefined && given !== plan.subject) {
    throw new Usage({
      code: 'confirm-mismatch',
      failed: `--confirm "${given}" is not what this plan asks for`,
      cause: 'It names another target than the live one',
      next: dryRun,
    })
  }
  const gate = plan.steps.find(({ kind }) => kind === 'gate')
  if (gate && !prompts) {
    throw new Usage({
      code: 'gate-needs-terminal',
      failed: `"${gate.title}" is for a human to settle, and there is no terminal to ask on`,
      cause: 'What it asks for, no program can know',
      next: `honeydue ${plan.id} on a terminal`,
    })
  }
  if (plan.confirm === undefined || given !== undefined) return
  if (prompts) show(`${renderConfirmation(plan, chalk)}\n`)
  if (prompts && (await (plan.risk === 'irreversible' ? prompts.subject(plan.confirm) : prompts.yes('Go on?')))) return
  throw new Declined({
    code: 'declined',
    failed: 'Not confirmed',
    cause: plan.risk === 'irreversible' ? `What was typed is not ${plan.confirm}` : 'The answer was not yes',
    next: dryRun,
  })
}
