import type { ChalkInstance } from 'chalk'
import { systemClock } from '../clock.ts'
import { exitCodes, Interrupted } from '../errors.ts'
import { accountOfUndo } from '../plan/account.ts'
import type { Outcome, StepState } from '../plan/outcome.ts'
import { type Asked, perform, undo } from '../plan/perform.ts'
import type { Prepared } from '../plan/plan.ts'
import type { Name } from '../systems/systems.ts'
import type { Prompts } from './prompts.ts'
import type { Session } from './session.ts'
import { shown } from './shown.ts'
import { columnsOf, hang } from './wrap.ts'

export interface Applying<N extends Name> {
  readonly prepared: Prepared<N>
  readonly needs: readonly N[]
  readonly session: Session
  /** The command line that goes on after a failure. */
  readonly again?: string
  /** What was typed on the command line to confirm: it settles the gates that ask for it. */
  readonly confirm?: string | undefined
  /** Undefined where nobody can be asked: other gates are then declined, and no undo is offered. */
  readonly prompts: Prompts | undefined
  readonly silent: boolean
  readonly say: (text: string) => void
  readonly chalk: ChalkInstance
}

const stopping = 'stopping at the next safe point; Ctrl-C again ends at once'

/** Performs a plan before the operator's eyes, and offers to take it back when it does not come to its end. */
export const applyPlan = async <N extends Name>(applying: Applying<N>): Promise<Outcome> => {
  const { prepared, needs, session, silent } = applying
  session.ending.looking.throwIfAborted()
  const { drawRun } = await import('./progress.ts')
  const progress = silent ? undefined : drawRun(prepared.plan.steps, Boolean(process.stderr.isTTY && process.stdout.isTTY))
  const outcome = await perform(prepared, {
    systems: session.systems,
    needs,
    clock: systemClock,
    signal: session.ending.change(() => progress?.say(stopping)),
    ...(applying.again !== undefined && { again: applying.again }),
    tell: async (event) => progress?.tell(event),
    settle: (gate, signal) => settle(gate, signal, applying),
  }).finally(() => progress?.end())
  if (!outcome.trouble) return outcome
  const left = await offerUndo(outcome.states, outcome.trouble, applying)
  return left ? { ...outcome, trouble: accountOfUndo(outcome.trouble, left) } : outcome
}

/** A gate's question stands alone on the screen; what was typed at the start answers it without one. */
const settle = async <N extends Name>({ title, ask, type }: Asked, signal: AbortSignal, applying: Applying<N>): Promise<boolean> => {
  const { prompts, confirm, silent, say } = applying
  if (type === undefined) return prompts ? prompts.yes(ask, signal) : false
  if (confirm === type) {
    if (!silent) say(`${shown(title)}: given by --confirm`)
    return true
  }
  if (!prompts) return false
  say(hang('', ask).join('\n'))
  return prompts.subject(type, signal)
}

const changed: readonly StepState[] = ['done', 'half', 'unverified']

/** Asks, and takes back in reverse; what could not be, or undefined where nothing was to be taken back. Never throws: the first error is the one to be told. */
const offerUndo = async <N extends Name>(
  states: readonly StepState[],
  trouble: Error,
  applying: Applying<N>,
): Promise<readonly string[] | undefined> => {
  const { prepared, needs, session, prompts, say, chalk } = applying
  const steps = prepared.plan.steps.filter((_, i) => changed.includes(states[i] ?? 'untouched'))
  const endedFromOutside = trouble instanceof Interrupted && trouble.exitCode !== exitCodes.interrupted
  if (!prompts || endedFromOutside || !steps.some((step) => step.undo === 'undo')) return undefined
  const rows = steps.map((step, i) => [i === 0 ? 'changed' : '', step.undo === 'undo' ? step.title : `${step.title}: ${step.undo}`])
  const said = [[chalk.red('stopped'), trouble.message], ...rows]
  say(said.flatMap(([name = '', text = '']) => hang(`${name}${' '.repeat(9 - columnsOf(name))}`, text)).join('\n'))
  if (!(await prompts.yes('Take back what was changed?').catch(() => false))) return undefined
  const signal = session.ending.change(() => say(stopping))
  const left = await undo(prepared, states, {
    systems: session.systems,
    needs,
    clock: systemClock,
    signal,
    tell: () => {},
    settle: async () => false,
  })
  say(left.length === 0 ? 'Taken back.\n' : ['Taken back, but for:', ...left.map((line) => `  ${shown(line)}`), ''].join('\n'))
  return left
}
