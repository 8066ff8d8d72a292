import { hostname } from 'node:os'
import { join } from 'node:path'
import * as Flags from '@oclif/core/flags'
import { atMost, seconds, systemClock } from '../clock.ts'
import { readOnly } from '../environment/read-only.ts'
import { Blocked, Unreachable } from '../errors.ts'
import { keepPlan } from '../journal/kept-plans.ts'
import { readRuns } from '../journal/read-journal.ts'
import { isLeftOpen } from '../journal/timeline.ts'
import { earlierCounts } from '../journal/usual.ts'
import type { Choices } from '../plan/choice.ts'
import { refuseMoved } from '../plan/identity.ts'
import type { StepState } from '../plan/outcome.ts'
import { type Plan, type Prepared, prepare, readersOf } from '../plan/plan.ts'
import { isChange, type Procedure, type Step } from '../plan/procedure.ts'
import type { ShellLine } from '../shell.ts'
import { stateFolder } from '../state-folder.ts'
import type { Name } from '../systems/systems.ts'
import { applyPlan } from './apply-plan.ts'
import { environmentFlag, HoneydueCommand } from './command.ts'
import { refuseOtherTarget, refuseUnattended, settleConfirmation } from './confirmation.ts'
import { eventLine, planLine } from './event-lines.ts'
import { argsOf, durationOf, flagsOf, inputOf } from './flags.ts'
import { lookNext } from './look-next.ts'
import { notifying } from './notify.ts'
import { refuseOtherPlan } from './plan-by-name.ts'
import { writePlanFile } from './plan-file.ts'
import { openRecord, type Recording, type RunRecord, releaseOfDead } from './run-record.ts'
import { told } from './run-told.ts'
import { jsonLine } from './shown.ts'
import { sweepAfterDead } from './sweep.ts'
import { typedLine } from './typed-line.ts'
import { whileLooking } from './while-looking.ts'

type Given = Readonly<Record<string, unknown>> & { readonly env?: string | undefined; readonly json?: boolean | undefined }

/** The command of one procedure: its flags and arguments are the procedure's choices, its summary is the title. */
export const procedureCommand = <C extends Choices, N extends Name, F>(procedure: Procedure<C, N, F>) =>
  class extends ProcedureCommand {
    static override summary = procedure.title
    /** Which systems it asks: the manifest says it to who must not load it. */
    static needs: readonly Name[] = procedure.needs
    static override args = argsOf(procedure.choices)
    static override flags = flagsOf(procedure.choices)

    async run(): Promise<void> {
      const { args, flags } = await this.parse()
      await this.carryOut({ ...flags, ...args }, procedure)
    }
  }

/** A command that carries out a procedure: plan, confirm by risk, look again, apply, prove. */
abstract class ProcedureCommand extends HoneydueCommand {
  static override baseFlags = {
    ...HoneydueCommand.baseFlags,
    ...environmentFlag,
    'dry-run': Flags.boolean({ summary: 'show the plan, and stop there', helpGroup: 'GLOBAL' }),
    details: Flags.boolean({ summary: 'show all that is known of each step of the plan', helpGroup: 'GLOBAL' }),
    'by-hand': Flags.boolean({
      summary: 'print the shell lines of the live plan, and stop there; where nothing answers, those of the page',
      helpGroup: 'GLOBAL',
    }),
    out: Flags.string({
      summary: 'keep the plan in this file for another pair of eyes, and stop there; run:apply performs it',
      helpGroup: 'GLOBAL',
    }),
    confirm: Flags.string({ summary: 'what would be typed to confirm; the plan says it', helpGroup: 'GLOBAL' }),
    wait: Flags.string({ summary: 'how long to wait for another operator to end (5m); without it, not at all', helpGroup: 'GLOBAL' }),
    'take-over': Flags.string({
      summary: 'take the lease from this operator, who has stopped renewing it; lock:status names them',
      helpGroup: 'GLOBAL',
    }),
    'without-lease': Flags.boolean({ summary: 'go on where no lease can be taken: nobody else is kept out', helpGroup: 'GLOBAL' }),
    notify: Flags.boolean({
      summary: 'tell by bell, terminal and webhook when it waits for somebody, and when it ends',
      helpGroup: 'GLOBAL',
    }),
    stream: Flags.boolean({
      summary: 'with --json (or --json=stream): each event of the run as a line, the document last',
      helpGroup: 'GLOBAL',
      dependsOn: ['json'],
    }),
    plan: Flags.string({ summary: 'go on only where the plan is still the one of this name; the plan says it', helpGroup: 'GLOBAL' }),
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
  private again(...more: readonly string[]): ShellLine {
    return typedLine(this.id ?? '', [...this.planned(), ...more])
  }

  /** Where nothing answers there is no plan to make them of. */
  private async pageLines(id: string): Promise<string> {
    const { linesOfPage } = await import('./page-lines.ts')
    return linesOfPage(join(this.config.root, 'runbooks'), id)
  }

  /** The same command, to look only. */
  private dryRun(): ShellLine {
    return this.again('--dry-run')
  }

  protected async carryOut<C extends Choices, N extends Name, F>(flags: Given, procedure: Procedure<C, N, F>): Promise<void> {
    const out = flags.out as string | undefined
    const looksOnly = flags['dry-run'] === true || flags['by-hand'] === true || out !== undefined
    const [confirm, wanted] = [flags.confirm, flags.plan] as (string | undefined)[]
    const state = stateFolder(process.env)
    await this.inEnvironment(flags.env, async (session) => {
      const { environment, systems, ending } = session
      if (!looksOnly && !environment.readonly) await sweepAfterDead(state, (line) => this.logToStderr(line))
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
      const [prepared, { planAtQuestion, planText, showsOf }, { paint }] = await Promise.all([
        looking(prepare(procedure, input, systems, context)).catch(async (error: unknown) => {
          if (flags['by-hand'] === true && !flags.json && error instanceof Unreachable) this.log(await this.pageLines(procedure.id))
          throw error
        }),
        import('./plan-shown.ts'),
        import('./render.ts'),
      ])
      const { plan } = prepared
      this.known = { environment: environment.name, plan }
      const text = flags['by-hand'] ? plan.byHand.join('\n') : planText(plan, { details: flags.details === true, dryRun: looksOnly })
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
      if (looksOnly) return this.print({ exitCode: 0, ...this.known }, text)
      if (environment.readonly) throw readOnly(environment.name)
      const [say, chalk] = [(line: string) => this.logToStderr(line), paint(process.stderr)]
      const unseen = prompts && planAtQuestion(plan)
      if (unseen !== undefined) say(`${unseen}\n`)
      await settleConfirmation(plan, confirm, this.dryRun(), prompts, showsOf(plan, this.config.root))
      const recording = {
        session,
        state,
        line: this.again(),
        asked: flags.env,
        prompts,
        say,
        ...leaseOf(flags),
        losesLease: procedure.stopsApi === true,
      }
      const replan = async () => (await prepare(procedure, input, systems, { ...context, signal: new AbortController().signal })).plan
      const afresh = async (title: string) =>
        procedure.steps(await procedure.gather(input, look, context)).find((step) => isChange(step) && step.title === title)
      // What cannot be read any more by then is not told: that the steps hold was seen.
      const came = async (before: F): Promise<readonly string[]> =>
        procedure.came?.(before, await procedure.gather(input, look, context).catch(() => before)) ?? []
      const notify = flags.notify ? (await import('./notify.ts')).notifier(environment, procedure.id, { say }) : undefined
      const performing = {
        needs: procedure.needs,
        session,
        confirm,
        prompts,
        silent: flags.json === true,
        say,
        chalk,
        again: this.again(),
        replan,
      }
      if (!plan.steps.some(changes)) {
        await releaseOfDead(session, state, say)
        const record = await endOfStory({ ...recording, plan })
        const nothing = { ...performing, prepared: withoutChanges(prepared), record }
        const { states, trouble } = await applyPlan(nothing).finally(() => record?.close())
        this.known = {
          ...this.known,
          states: states.map((one, i) => (one === 'proven' && plan.steps[i]?.kind === 'change' ? 'already' : one)),
        }
        if (trouble) throw trouble
        return this.print({ exitCode: 0, ...this.known }, told(plan, states, this.here))
      }
      const record = await openRecord({ ...recording, plan })
      try {
        const again = { ...(await looking(prepare(procedure, input, systems, context))), input }
        refuseMoved(plan, again.plan, this.dryRun())
        refuseBlocked(again.plan)
        await record.begin(again)
        const recordUndo = async (undoing: Plan) => {
          const under = await openRecord({ ...recording, plan: undoing, undoes: record.run, lease: record.lease })
          await under.begin({ plan: undoing })
          return under
        }
        if (flags.stream) this.log(planLine(again.plan))
        const { states, trouble } = await applyPlan({
          ...performing,
          ...(prompts && notify && { prompts: notifying(prompts, notify) }),
          ...(flags.stream === true && { told: (event) => this.log(eventLine(again.plan, event)) }),
          ...(!procedure.consumesFacts && { afresh }),
          prepared: again,
          record,
          recordUndo,
        })
        this.known = { environment: environment.name, run: record.run, plan: again.plan, states }
        await notify?.('ended', trouble ? `stopped: ${trouble.failed}` : 'done, and seen to hold')
        if (trouble) throw trouble
        const lines = await came(again.facts as F)
        if (lines.length > 0) this.known = { ...this.known, came: lines }
        this.print({ exitCode: 0, ...this.known }, told(again.plan, states, this.here, record.run, lines))
        this.carriedOut = true
      } finally {
        await record.close()
      }
    })
  }
}

const changes = ({ kind, already }: Plan['steps'][number]): boolean => kind === 'change' && !already

const leaseOf = (flags: Given) => ({
  wait: flags.wait === undefined ? 0 : durationOf('wait', flags.wait),
  takeOver: flags['take-over'] as string | undefined,
  withoutLease: flags['without-lease'] === true,
})

/** A run that was killed may have been the last to change something: that nothing is left to do is then written down, and ends its story. */
const endOfStory = async (recording: Recording): Promise<RunRecord | undefined> => {
  const { plan, state } = recording
  if (!isLeftOpen(plan, await readRuns(state, hostname()), systemClock.now())) return undefined
  const record = await openRecord({ ...recording, lease: undefined, none: 'nothing was left to be changed' })
  await record.begin({ plan })
  const was = (index: number, one: StepState): StepState => (one === 'proven' && plan.steps[index]?.kind === 'change' ? 'already' : one)
  return {
    ...record,
    tell: (event) => record.tell(event.type === 'settled' ? { ...event, state: was(event.index, event.state) } : event),
    end: (outcome) => record.end({ ...outcome, states: outcome.states.map((one, i) => was(i, one)) }),
  }
}

/** Where nothing is to be changed, no lease is taken: what does not hold any more by the time it is looked at again is not changed either. */
const withoutChanges = <N extends Name>({ plan, steps }: Prepared<N>): Prepared<N> => ({
  plan,
  steps: steps.map((step): Step<N> => (isChange(step) ? { title: step.title, holds: step.verify } : step)),
})

/** The plan stands above with what blocks it; where nobody reads it, the document lists it. */
const refuseBlocked = (plan: Plan): void => {
  if (plan.blocked.length === 0) return
  throw new Blocked({
    code: 'checks-failed',
    failed: `${plan.title}: blocked`,
    cause: 'Something must be put right first: the lines above say what',
    details: plan.blocked,
    next: plan.cure ?? lookNext(plan.id),
  })
}
