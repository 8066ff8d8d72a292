import { hostname } from 'node:os'
import { endingOf, planOf, statesOf } from '../journal/how-far.ts'
import type { JournaledRun } from '../journal/read-journal.ts'
import { stateFolder } from '../state-folder.ts'
import { HoneydueCommand } from './command.ts'
import { shown } from './shown.ts'
import { hang } from './wrap.ts'

/** A command about runs that were, by their journals on this machine. */
export abstract class RunCommand extends HoneydueCommand {
  protected readonly state = stateFolder(process.env)
  protected readonly host = hostname()

  protected async find(asked: string): Promise<JournaledRun> {
    return (await import('../journal/read-journal.ts')).findRun(this.state, this.host, asked)
  }
}

/** One row of the list. */
export const rowOf = (run: JournaledRun): readonly string[] => {
  const { environment, id, subject } = planOf(run)
  return [run.run, environment, `${id} ${subject}`, `${run.header.who.user}@${run.header.who.host}`, endingOf(run)].map(shown)
}

export const columns = ['run', 'where', 'what', 'who', 'how it ended'] as const

/** The same for machines. */
export const dataOf = (run: JournaledRun): object => {
  const { header, begin, end, status, unknown, notes } = run
  const { id, name, environment, subject } = planOf(run)
  return {
    run: run.run,
    procedure: id,
    plan: name,
    environment,
    subject,
    who: `${header.who.user}@${header.who.host}`,
    line: header.line,
    plannedAt: header.at,
    ...(begin && { beganAt: begin.at, lease: begin.lease }),
    ...(end && { endedAt: end.at, exitCode: end.exitCode, failed: end.failed, state: end.state }),
    ...(header.undoes !== undefined && { undoes: header.undoes }),
    status,
    ...(unknown !== undefined && { unknownStep: unknown }),
    states: statesOf(run),
    notes: notes.map(({ at, who, text }) => ({ at, who, text })),
  }
}

/** A run in full: who, where, how it ended, and each step with how far it came. */
export const renderRun = (run: JournaledRun): string => {
  const plan = planOf(run)
  const states = statesOf(run)
  const { header, end } = run
  return [
    `${plan.environment}  ${plan.title}`,
    `  ${header.line}`,
    `  ${header.who.user}@${header.who.host}, ${header.at.slice(0, 19).replace('T', ' ')} UTC, plan ${plan.name}: ${endingOf(run)}`,
    '',
    ...plan.steps.map(({ title }, i) => `${String(i + 1).padStart(2)} ${(states[i] ?? '').padEnd(10)} ${title}`),
    ...(end?.failed === undefined ? [] : ['', ...hang('failed  ', end.failed), ...hang('state   ', end.state ?? '')]),
    ...run.notes.map(({ at, who, text }) => `note    ${at.slice(11, 19)} UTC, ${who}: ${text}`),
    ...(run.status === 'interrupted'
      ? ['', `next    ${header.line} --dry-run   # shows what is left; honeydue run:undo ${run.run} takes it back`]
      : []),
  ]
    .map(shown)
    .join('\n')
}
