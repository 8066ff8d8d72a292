import type { ChalkInstance } from 'chalk'
import { Declined, Usage } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import type { Risk } from '../plan/procedure.ts'
import { part, type ShellLine, sh } from '../shell.ts'
import { markOf } from './deployment-mark.ts'
import type { Prompts } from './prompts.ts'
import { hang } from './wrap.ts'

/** What stands above the question: the live target, what cannot be taken back, and how the rest is. */
const renderConfirmation = ({ environment, target, steps, confirm, outlier }: Plan, chalk: ChalkInstance): string => {
  const changes = steps.map((step, i) => ({ ...step, number: i + 1 })).filter(({ kind, already }) => kind === 'change' && !already)
  const final = changes.filter(({ undo }) => undo !== undefined && undo !== 'undo')
  const [first] = final
  const number = (count: number) => `${count} step${count === 1 ? '' : 's'}`
  const typed = typedGate(steps)
  const rows = [
    ...(outlier === undefined ? [] : [['weighs', `more than such runs do: ${outlier}`]]),
    ...target.map((line) => ['target', line]),
    ...(first
      ? [
          ['no return', `from step ${first.number} on: ${first.title}`],
          ['', first.undo ?? ''],
          ...(typed < 0 ? [] : [['', `step ${typed + 1} asks for ${confirm} to be typed before it`]]),
        ]
      : [['no return', 'none: every step can be taken back']]),
    [
      'undo',
      changes.length === final.length
        ? 'nothing can be taken back'
        : `offered after a failure or Ctrl-C, for ${number(changes.length - final.length)}`,
    ],
  ]
  const lead = (name: string) => `${chalk.bold(name.padEnd(10))} `
  const lines = rows.flatMap(([name = '', text = ''], i) => hang(lead(name === rows[i - 1]?.[0] ? '' : name), text))
  return [lead('where') + markOf(environment, chalk), ...lines].join('\n')
}

/** Which step, if any, has the subject typed in the middle of the run. */
const typedGate = (steps: Plan['steps']): number => steps.findIndex(({ type, already }) => type !== undefined && !already)

/** Throws Usage, before anything is changed, where nobody can be asked and the command line does not say what would be. */
export const refuseUnattended = (
  id: string,
  risk: Risk,
  { confirm, wanted, dryRun }: { readonly confirm: string | undefined; readonly wanted: string | undefined; readonly dryRun: ShellLine },
): void => {
  if (risk === 'routine') return
  if (confirm === undefined)
    throw new Usage({
      code: 'no-terminal',
      failed: `${id} asks before it changes anything, and there is no terminal to ask on: --confirm is missing`,
      cause: 'Standard input or standard error is no terminal, --json was given, or CI is set',
      next: sh`${part(dryRun)}   # then again with --confirm and what its plan says`,
    })
  if (risk === 'irreversible' && wanted === undefined)
    throw new Usage({
      code: 'no-plan',
      failed: `${id} cannot be taken back, and nobody is there to look at its plan: --plan must say which one was looked at`,
      cause: '--confirm says what it is about, and not how much of it',
      next: sh`${part(dryRun)}   # then again with --confirm and --plan as it says`,
    })
}

/** Throws Usage where `--confirm` names another target than the live one. Also where nothing would be asked: whoever typed it means another one. */
export const refuseOtherTarget = ({ environment, subject }: Plan, given: string | undefined, next: string): void => {
  const wanted = `${environment}/${subject}`
  if (given === undefined || given === wanted) return
  throw new Usage({
    code: 'confirm-mismatch',
    failed: `--confirm "${given}" is not what this plan asks for`,
    cause: given === subject ? `It does not say in which deployment: ${wanted}` : 'It names another target than the live one',
    next,
  })
}

/** Returns when the plan may be applied. Throws Declined where the answer is no, Usage where nobody can settle a gate. */
export const settleConfirmation = async (
  plan: Plan,
  given: string | undefined,
  /** The command that shows the plan again. */
  dryRun: ShellLine,
  prompts: Prompts | undefined,
  show: (text: string) => void,
  chalk: ChalkInstance,
): Promise<void> => {
  const gate = plan.steps.find(({ kind, type, already }) => kind === 'gate' && type === undefined && !already)
  if (gate && !prompts) {
    throw new Usage({
      code: 'gate-needs-terminal',
      failed: `"${gate.title}" is for a human to settle, and there is no terminal to ask on`,
      cause: 'No program can know what it asks for',
      next: `${sh`honeydue ${plan.id}`}, on a terminal`,
    })
  }
  if (plan.confirm === undefined || given !== undefined) return
  // Only its facts say that it has to be asked: what nobody can answer is told as a flag that is missing.
  if (!prompts && plan.outlier !== undefined)
    throw new Usage({
      code: 'outlier-unattended',
      failed: `This is far more than usual, and there is no terminal to ask on: --confirm is missing`,
      cause: plan.outlier,
      next: sh`${part(dryRun)}   # then again with --confirm and --plan as it says`,
    })
  // What is typed in the middle of the run need not be typed before it.
  const typed = plan.risk === 'irreversible' && typedGate(plan.steps) < 0
  if (prompts) show(`${renderConfirmation(plan, chalk)}\n`)
  if (prompts && (await (typed ? prompts.subject(plan.confirm) : prompts.yes('Go on?')))) return
  throw new Declined({
    code: 'declined',
    failed: 'Not confirmed',
    cause: typed ? `What was typed is not ${plan.confirm}` : 'The answer was not yes',
    next: dryRun,
  })
}
