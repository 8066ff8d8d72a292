import { Declined, Usage } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import type { Risk } from '../plan/procedure.ts'
import { part, type ShellLine, sh } from '../shell.ts'
import type { Prompts, Shows } from './prompts.ts'

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
  /** More of the plan, which stands above the question already. */
  shows: Shows,
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
  if (prompts && (await (typed ? prompts.subject(plan.confirm, undefined, shows) : prompts.yes('Go on?', undefined, shows)))) return
  throw new Declined({
    code: 'declined',
    failed: 'Not confirmed',
    cause: typed ? `What was typed is not ${plan.confirm}` : 'The answer was not yes',
    next: dryRun,
  })
}
