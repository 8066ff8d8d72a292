import { hostname } from 'node:os'
import { join } from 'node:path'
import type { ChalkInstance } from 'chalk'
import { atMost, seconds, systemClock } from '../clock.ts'
import { Blocked, Unreachable } from '../errors.ts'
import { keepPlan } from '../journal/kept-plans.ts'
import { readRuns } from '../journal/read-journal.ts'
import { earlierCounts } from '../journal/usual.ts'
import type { Choices, Input } from '../plan/choice.ts'
import type { Context } from '../plan/context.ts'
import { type Plan, type Prepared, prepare, readersOf } from '../plan/plan.ts'
import type { Procedure } from '../plan/procedure.ts'
import type { ShellLine } from '../shell.ts'
import type { Name, Readers } from '../systems/systems.ts'
import { environmentFlag, HoneydueCommand } from './command.ts'
import { refuseOtherTarget, refuseUnattended, settleConfirmation } from './confirmation.ts'
import { inputOf } from './flags.ts'
import { lookNext } from './look-next.ts'
import { changes } from './nothing-left.ts'
import { refuseOtherPlan } from './plan-by-name.ts'
import { writePlanFile } from './plan-file.ts'
import { procedureFlags } from './procedure-flags.ts'
import type { Prompts } from './prompts.ts'
import type { Session } from './session.ts'
import { jsonLine } from './shown.ts'
import { typedLine } from './typed-line.ts'
import { whileLooking } from './while-looking.ts'

/** The flags and arguments of one call, as oclif parsed them. */
export type Given = Readonly<Record<string, unknown>> & { readonly env?: string | undefined; readonly json?: boolean | undefined }

/** A procedure as it was asked for: with its flags, in an open session. */
export interface Asked<C extends Choices, N extends Name, F> {
  readonly flags: Given
  readonly procedure: Procedure<C, N, F>
  readonly session: Session
  /** The state folder. */
  readonly state: string
  readonly looksOnly: boolean
  readonly say: (line: string) => void
}

/** And its plan, with what it was made of. */
export interface Looked<C extends Choices, N extends Name, F> extends Asked<C, N, F> {
  readonly prompts: Prompts | undefined
  readonly look: Readers<N>
  readonly input: Input<C>
  readonly context: Context
  readonly prepared: Prepared<N>
  /** Says on the screen what is being asked while this work goes on. */
  readonly looking: <T>(work: Promise<T>) => Promise<T>
  readonly drawing: typeof import('./plan-shown.ts')
  readonly chalk: ChalkInstance
}

/** A command that makes a plan of a procedure, shows it, and has it confirmed. */
export abstract class PlanningCommand extends HoneydueCommand {
  static override baseFlags = {
    ...HoneydueCommand.baseFlags,
    ...environmentFlag,
    ...procedureFlags,
  }

  /** What was typed and answered, without what is of this one time. */
  private planned(): readonly string[] {
    const words = this.argv.filter(
      (word, i) =>
        !/^--(dry-run|details|by-hand|json|stream|notify|plain|no-color|no-input|confirm|plan|out|take-over|without-lease)(=|$)/.test(
          word,
        ) && !/^--(confirm|plan|out|take-over)$/.test(this.argv[i - 1] ?? ''),
    )
    return [...words, ...this.answers]
  }

  protected override framed(json: string): string {
    return this.argv.includes('--stream') ? jsonLine(JSON.parse(json) as object) : json
  }

  /** The same command, with what was answered, and asking again. */
  protected again(...more: readonly string[]): ShellLine {
    return typedLine(this.id ?? '', [...this.planned(), ...more])
  }

  /** Where nothing answers there is no plan to make them of. */
  private async pageLines(id: string): Promise<string> {
    const { linesOfPage } = await import('./page-lines.ts')
    return linesOfPage(join(this.config.root, 'runbooks'), id)
  }

  /** The same command, to look only. */
  protected dryRun(): ShellLine {
    return this.again('--dry-run')
  }

  /** Asks for what was not typed, and makes the plan of what the systems say. */
  protected async look<C extends Choices, N extends Name, F>(asked: Asked<C, N, F>): Promise<Looked<C, N, F>> {
    const { flags, procedure, session, state } = asked
    const { environment, systems, ending } = session
    const earlier = async (id: string) => earlierCounts({ id, environment: environment.name }, await readRuns(state, hostname()))
    const prompts = await this.prompts(flags, session)
    const look = readersOf(systems, procedure.needs)
    // What cannot be read now is typed; why it cannot, the plan says.
    const around = { environment, clock: systemClock, signal: ending.looking, earlier }
    // What there is to choose from is worth a short wait, and never a silent one.
    const offers = async (name: string) => {
      const offered = procedure.offers?.[name]?.(look, around).catch(() => [])
      return (offered && (await whileLooking(procedure.needs, atMost(systemClock, seconds(4), offered)))) ?? []
    }
    const input = await inputOf(procedure.choices, flags, this.asking(prompts, offers))
    const looking = <T>(work: Promise<T>) => (flags.json ? work : whileLooking(procedure.needs, work))
    const question = prompts && (await procedure.hidden?.(input, look, around))
    const context = prompts && question !== undefined ? { ...around, typed: await prompts.hidden(question) } : around
    // How to draw is read while the systems are being asked.
    const [prepared, drawing, { paint }] = await Promise.all([
      looking(prepare(procedure, input, systems, context)).catch(async (error: unknown) => {
        if (flags['by-hand'] === true && !flags.json && error instanceof Unreachable) this.log(await this.pageLines(procedure.id))
        throw error
      }),
      import('./plan-shown.ts'),
      import('./render.ts'),
    ])
    this.known = { environment: environment.name, plan: prepared.plan }
    return { ...asked, prompts, look, input, context, prepared, looking, drawing, chalk: paint(process.stderr) }
  }

  /** Shows the plan, and refuses what was not meant for it before anybody is asked. */
  protected async show<C extends Choices, N extends Name, F>(looked: Looked<C, N, F>): Promise<string> {
    const { flags, procedure, state, looksOnly, prompts, input, drawing } = looked
    const { plan } = looked.prepared
    const [out, confirm, wanted] = [flags.out, flags.confirm, flags.plan] as (string | undefined)[]
    const text = flags['by-hand']
      ? plan.byHand.join('\n')
      : drawing.planText(plan, { details: flags.details === true, dryRun: looksOnly, line: this.again() })
    if (plan.blocked.length > 0 && !flags.json) this.log(text)
    refuseBlocked(plan)
    if (looksOnly) await keepPlan(state, plan, systemClock.now())
    else if (!flags.json) this.log(`${text}\n`)
    // Where it is already so there is nothing to ask.
    if (!looksOnly && !prompts && plan.steps.some(changes))
      refuseUnattended(procedure.id, procedure.risk(input), { confirm, wanted, dryRun: this.dryRun() })
    refuseOtherTarget(plan, confirm, this.dryRun())
    // What its facts make weigh more is typed by who is there, and named by who is not.
    if (!looksOnly && !prompts && plan.outlier !== undefined && confirm !== undefined)
      refuseUnattended(procedure.id, plan.risk, { confirm, wanted, dryRun: this.dryRun() })
    await refuseOtherPlan(plan, wanted, state, this.dryRun())
    if (out !== undefined) await writePlanFile(out, { command: procedure.id, words: this.planned(), plan }, systemClock.now())
    return text
  }

  /** Ends where the plan was not confirmed as its risk asks. */
  protected async confirmed<C extends Choices, N extends Name, F>({
    flags,
    prompts,
    prepared,
    drawing,
    say,
  }: Looked<C, N, F>): Promise<void> {
    const unseen = prompts && drawing.planAtQuestion(prepared.plan)
    if (unseen !== undefined) say(`${unseen}\n`)
    const shows = drawing.showsOf(prepared.plan, this.config.root)
    await settleConfirmation(prepared.plan, flags.confirm as string | undefined, this.dryRun(), prompts, shows)
  }
}

/** The plan stands above with what blocks it; where nobody reads it, the document lists it. */
export const refuseBlocked = (plan: Plan): void => {
  if (plan.blocked.length === 0) return
  throw new Blocked({
    code: 'checks-failed',
    failed: `${plan.title}: blocked`,
    cause: 'Something must be put right first: the lines above say what',
    details: plan.blocked,
    next: plan.cure ?? lookNext(plan.id),
  })
}
