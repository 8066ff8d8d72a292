import { readOnly } from '../environment/read-only.ts'
import type { Choices } from '../plan/choice.ts'
import { refuseMoved } from '../plan/identity.ts'
import { type Plan, prepare } from '../plan/plan.ts'
import { isChange, type Procedure } from '../plan/procedure.ts'
import { stateFolder } from '../state-folder.ts'
import type { Name } from '../systems/systems.ts'
import { applyPlan } from './apply-plan.ts'
import { eventLine, planLine } from './event-lines.ts'
import { argsOf, durationOf, flagsOf } from './flags.ts'
import { changes, endOfStory, withoutChanges } from './nothing-left.ts'
import { notifying } from './notify.ts'
import { type Given, type Looked, PlanningCommand, refuseBlocked } from './planning-command.ts'
import { openRecord, releaseOfDead } from './run-record.ts'
import { told } from './run-told.ts'
import { sweepAfterDead } from './sweep.ts'

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
abstract class ProcedureCommand extends PlanningCommand {
  protected async carryOut<C extends Choices, N extends Name, F>(flags: Given, procedure: Procedure<C, N, F>): Promise<void> {
    const looksOnly = flags['dry-run'] === true || flags['by-hand'] === true || flags.out !== undefined
    const state = stateFolder(process.env)
    await this.inEnvironment(flags.env, async (session) => {
      const say = (line: string) => this.logToStderr(line)
      if (!looksOnly && !session.environment.readonly) await sweepAfterDead(state, say)
      const looked = await this.look({ flags, procedure, session, state, looksOnly, say })
      const text = await this.show(looked)
      if (looksOnly) return this.print({ exitCode: 0, ...this.known }, text)
      if (session.environment.readonly) throw readOnly(session.environment.name)
      await this.confirmed(looked)
      if (looked.prepared.plan.steps.some(changes)) await this.perform(looked)
      else await this.nothingLeft(looked)
    })
  }

  /** What every record of this run has, whichever plan it is of. */
  private recording<C extends Choices, N extends Name, F>({ flags, procedure, session, state, prompts, say }: Looked<C, N, F>) {
    const losesLease = procedure.stopsApi === true
    return { session, state, line: this.again(), asked: flags.env, prompts, say, ...leaseOf(flags), losesLease }
  }

  private performing<C extends Choices, N extends Name, F>(looked: Looked<C, N, F>) {
    const { flags, procedure, session, prompts, input, context, say, chalk } = looked
    const replan = async () => (await prepare(procedure, input, session.systems, { ...context, signal: new AbortController().signal })).plan
    const [confirm, silent] = [flags.confirm as string | undefined, flags.json === true]
    return { needs: procedure.needs, session, confirm, prompts, silent, say, chalk, again: this.again(), replan }
  }

  /** Proves that what was asked for is already so, and writes down the end of a run that was killed after its last change. */
  private async nothingLeft<C extends Choices, N extends Name, F>(looked: Looked<C, N, F>): Promise<void> {
    const { session, state, say, prepared } = looked
    const { plan } = prepared
    await releaseOfDead(session, state, say)
    const record = await endOfStory({ ...this.recording(looked), plan })
    const nothing = { ...this.performing(looked), prepared: withoutChanges(prepared), record }
    const { states, trouble } = await applyPlan(nothing).finally(() => record?.close())
    const was = states.map((one, i) => (one === 'proven' && plan.steps[i]?.kind === 'change' ? 'already' : one))
    this.known = { ...this.known, states: was }
    if (trouble) throw trouble
    this.print({ exitCode: 0, ...this.known }, told(plan, states, this.here))
  }

  /** Looks again, and changes what was planned under the lease and in the journal. */
  private async perform<C extends Choices, N extends Name, F>(looked: Looked<C, N, F>): Promise<void> {
    const { flags, procedure, session, prompts, look, input, context, prepared, looking, say } = looked
    const { plan } = prepared
    const { environment, systems } = session
    const recording = this.recording(looked)
    const notify = flags.notify ? (await import('./notify.ts')).notifier(environment, procedure.id, { say }) : undefined
    const afresh = async (title: string) =>
      procedure.steps(await procedure.gather(input, look, context)).find((step) => isChange(step) && step.title === title)
    // What cannot be read any more by then is not told: that the steps hold was seen.
    const came = async (before: F): Promise<readonly string[]> =>
      procedure.came?.(before, await procedure.gather(input, look, context).catch(() => before)) ?? []
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
        ...this.performing(looked),
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
  }
}

const leaseOf = (flags: Given) => ({
  wait: flags.wait === undefined ? 0 : durationOf('wait', flags.wait),
  takeOver: flags['take-over'] as string | undefined,
  withoutLease: flags['without-lease'] === true,
})
