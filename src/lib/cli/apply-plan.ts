import type { ChalkInstance } from 'chalk'
import { systemClock } from '../clock.ts'
import { Held, Interrupted, type Trouble } from '../errors.ts'
import { accountOfUndo } from '../plan/account.ts'
import type { Outcome, RunEvent, StepState } from '../plan/outcome.ts'
import { type Asked, perform, type Run } from '../plan/perform.ts'
import type { Plan, Prepared } from '../plan/plan.ts'
import type { Step } from '../plan/procedure.ts'
import { takeBack, type Undoing, undoingOf } from '../plan/undo.ts'
import type { ShellLine } from '../shell.ts'
import { changedBy } from '../systems/kube/changed-by.ts'
import type { Name, Systems } from '../systems/systems.ts'
import type { Prompts } from './prompts.ts'
import type { RunRecord } from './run-record.ts'
import type { Session } from './session.ts'
import { shown } from './shown.ts'
import { columnsOf, hang } from './wrap.ts'

export interface Applying<N extends Name> {
  readonly prepared: Prepared<N>
  readonly needs: readonly N[]
  readonly session: Session
  /** The command line that goes on after a failure. */
  readonly again?: ShellLine
  /** What was typed on the command line to confirm: it settles the gates that ask for it. */
  readonly confirm?: string | undefined
  /** Undefined where nobody can be asked: other gates are then declined, and no undo is offered. */
  readonly prompts: Prompts | undefined
  /** The step of this title, made anew of facts that are read now. */
  readonly afresh?: (title: string) => Promise<Step<N> | undefined>
  /** The plan as it would be made now: what proves that a step was taken back. */
  readonly replan?: () => Promise<Plan>
  /** Its journal and lease; undefined where nothing is to be changed. */
  readonly record?: RunRecord | undefined
  /** Opens the journal of the run that takes this one back, under the same lease. */
  readonly recordUndo?: ((plan: Plan) => Promise<RunRecord>) | undefined
  /** Is told of every event, where somebody reads them as they come. */
  readonly told?: ((event: RunEvent) => void) | undefined
  readonly silent: boolean
  readonly say: (text: string) => void
  readonly chalk: ChalkInstance
}

/** Performs a plan before the operator's eyes, and offers to take it back when it does not come to its end. */
export const applyPlan = async <N extends Name>(applying: Applying<N>): Promise<Outcome> => {
  applying.session.ending.looking.throwIfAborted()
  const outcome = await drawn(applying.prepared, applying, (run) =>
    perform(applying.prepared, { ...run, ...(applying.afresh && { afresh: applying.afresh }) }),
  )
  await applying.record?.end(outcome)
  if (!outcome.trouble) return outcome
  const left = await offerUndo(outcome.states, outcome.trouble, applying)
  return left ? { ...outcome, trouble: accountOfUndo(outcome.trouble, left) } : outcome
}

/** Takes back before the operator's eyes. Returns how far each step came, and what is left. */
export const applyUndo = <N extends Name>(undoing: Undoing<N>, applying: Omit<Applying<N>, 'prepared'>) =>
  drawn(undoing.prepared, { ...applying, prepared: undoing.prepared }, (run) => takeBack(undoing, run))

/** Performs steps while they are drawn: `act` is given the run that tells the drawing and the journal, and that signals stop. */
const drawn = async <N extends Name, T>(
  { plan }: Prepared<N>,
  { session, needs, silent, record, again, say, ...applying }: Applying<N>,
  act: (run: Run<N>) => Promise<T>,
): Promise<T> => {
  const { drawRun } = await import('./progress.ts')
  const usual = silent ? undefined : await record?.usual(plan)
  const progress = silent ? undefined : drawRun(plan.steps, Boolean(process.stderr.isTTY && process.stdout.isTTY), usual)
  let under = -1
  const named = () => {
    const title = plan.steps[under]?.title
    return title === undefined ? undefined : `step ${under + 1}, ${shown(title)}`
  }
  const asked = session.ending.change({
    told: () => (progress?.say ?? say)(`stopping at the next safe point${named() ? `, in ${named()}` : ''}; Ctrl-C again ends at once`),
    unknown: () => (named() ? `How far it came is not known: ${named()}.` : ''),
  })
  const lease = record?.lease
  return act({
    systems: lease ? guardedWriters(session.systems, needs, lease.checkIfOld) : session.systems,
    needs,
    clock: systemClock,
    signal: lease ? AbortSignal.any([asked, lease.lost]) : asked,
    ...(again !== undefined && { again }),
    ...(lease && { guard: lease.check }),
    tell: async (event) => {
      under = event.type === 'settled' ? -1 : event.index
      // What is about to change is written down before it is shown, and shown before it changes.
      await record?.tell(event)
      applying.told?.(event)
      await progress?.tell(event)
    },
    blame: async ({ writes }) => {
      const told = await Promise.all(writes.map(({ target }) => changedBy(session.systems.kube.read, target)))
      return told.find((one) => one !== undefined)
    },
    settle: (gate, signal) => settle(gate, signal, { session, needs, silent, record, say, ...applying }),
  }).finally(() => progress?.end())
}

/** Each call asks first whether this run may still change anything: a process that was stopped in the middle of a step wakes up in another world. */
const guardedWriters = <N extends Name>(systems: Pick<Systems, N>, needs: readonly N[], allowed: () => Promise<void>): Pick<Systems, N> => {
  const guarded = needs.map((name) => {
    const system = systems[name] as unknown as { readonly write: Readonly<Record<string, (...args: unknown[]) => Promise<void>>> }
    const write = Object.entries(system.write).map(([call, act]) => [
      call,
      async (...args: unknown[]) => {
        await allowed()
        await act(...args)
      },
    ])
    return [name, { ...system, write: Object.fromEntries(write) }]
  })
  return Object.fromEntries(guarded) as Pick<Systems, N>
}

/** A gate's question stands alone on the screen; what was typed at the start answers it without one. */
const settle = async <N extends Name>(
  { title, ask, type }: Asked,
  signal: AbortSignal,
  applying: Omit<Applying<N>, 'prepared'>,
): Promise<boolean> => {
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

/** Asks, and takes back in reverse; what could not be, or undefined where nothing was to be taken back. Never throws: the first error is the one to be told. */
const offerUndo = async <N extends Name>(
  states: readonly StepState[],
  trouble: Trouble,
  applying: Applying<N>,
): Promise<readonly string[] | undefined> => {
  const { prepared, needs, session, prompts, say, chalk, replan, record } = applying
  const undoing = undoingOf({ prepared, states, run: { systems: session.systems, needs }, ...(replan && { replan }) })
  const endedFromOutside = trouble instanceof Interrupted && trouble.signal !== 'SIGINT'
  // What another operator took over is not ours to take back.
  if (!prompts || endedFromOutside || trouble instanceof Held || undoing.prepared.steps.length === 0) return undefined
  const steps = undoing.prepared.plan.steps
  const rows = [
    ...steps.map(({ title }, i) => [i === 0 ? 'undo' : '', title]),
    ...undoing.impossible.map((line, i) => [i === 0 ? 'stays' : '', line]),
  ]
  const said = [[chalk.red('stopped'), trouble.message], ...rows]
  say(said.flatMap(([name = '', text = '']) => hang(`${name}${' '.repeat(9 - columnsOf(name))}`, text)).join('\n'))
  if (!(await prompts.yes('Take back what was changed?').catch(() => false))) return undefined
  const under = await applying.recordUndo?.(undoing.prepared.plan)
  const { outcome, left } = await applyUndo(undoing, { ...applying, record: under ?? record })
  await under?.end(outcome)
  await under?.close()
  say(
    left.length === 0
      ? 'Taken back, and seen to be so.\n'
      : ['Taken back, but for:', ...left.map((line) => `  ${shown(line)}`), ''].join('\n'),
  )
  return left
}
