import * as Flags from '@oclif/core/flags'
import { systemClock } from '../clock.ts'
import { readOnly } from '../environment/read-only.ts'
import { Blocked } from '../errors.ts'
import { keepPlan } from '../journal/kept-plans.ts'
import type { Choices } from '../plan/choice.ts'
import { refuseMoved } from '../plan/identity.ts'
import { type Plan, prepare, readersOf } from '../plan/plan.ts'
import type { Procedure } from '../plan/procedure.ts'
import { stateFolder } from '../state-folder.ts'
import type { Name } from '../systems/systems.ts'
import { applyPlan } from './apply-plan.ts'
import { environmentFlag, HoneydueCommand } from './command.ts'
import { refuseOtherTarget, refuseUnattended, settleConfirmation } from './confirmation.ts'
import { inputOf } from './flags.ts'
import { refuseOtherPlan } from './plan-by-name.ts'
import { shownLines } from './shown.ts'
import { typedLine } from './typed-line.ts'

type Given = Readonly<Record<string, unknown>> & { readonly env?: string | undefined; readonly json?: boolean }

/** A command that carries out a procedure: plan, confirm by risk, look again, apply, prove. */
export abstract class ProcedureCommand extends HoneydueCommand {
  static override baseFlags = {
    ...HoneydueCommand.baseFlags,
    ...environmentFlag,
    'dry-run': Flags.boolean({ summary: 'show the plan, and stop there', helpGroup: 'GLOBAL' }),
    'by-hand': Flags.boolean({ summary: 'print the shell lines of the live plan, and stop there', helpGroup: 'GLOBAL' }),
    confirm: Flags.string({ summary: 'what would be typed to confirm; the plan says it', helpGroup: 'GLOBAL' }),
    plan: Flags.string({ summary: 'go on only where the plan is still the one of this name; the plan says it', helpGroup: 'GLOBAL' }),
  }

  /** The same command, with what was answered, and asking again. */
  private again(...more: readonly string[]): string {
    const words = this.argv.filter(
      (word, i) => !/^--(dry-run|by-hand|json|confirm|plan)(=|$)/.test(word) && !/^--(confirm|plan)$/.test(this.argv[i - 1] ?? ''),
    )
    return typedLine(this.id ?? '', [...words, ...this.answers, ...more])
  }

  /** The same command, to look only. */
  private dryRun(): string {
    return this.again('--dry-run')
  }

  protected async carryOut<C extends Choices, N extends Name, F>(flags: Given, procedure: Procedure<C, N, F>): Promise<void> {
    const looksOnly = flags['dry-run'] === true || flags['by-hand'] === true
    const [confirm, wanted] = [flags.confirm, flags.plan] as (string | undefined)[]
    const state = stateFolder(process.env)
    await this.inEnvironment(flags.env, async (session) => {
      const { environment, systems, ending } = session
      const context = { environment, clock: systemClock, signal: ending.looking }
      const prompts = await this.prompts(flags, session)
      const look = readersOf(systems, procedure.needs)
      // What cannot be read now is typed; why it cannot, the plan says.
      const offers = async (name: string) => (await procedure.offers?.[name]?.(look, context).catch(() => [])) ?? []
      const input = await inputOf(procedure.choices, flags, this.asking(prompts, offers))
      if (!looksOnly && !prompts) refuseUnattended(procedure.id, procedure.risk(input), { confirm, wanted, dryRun: this.dryRun() })
      // How to draw is read while the systems are being asked.
      const [prepared, { renderPlan }, { paint }] = await Promise.all([
        prepare(procedure, input, systems, context),
        import('./render-plan.ts'),
        import('./render.ts'),
      ])
      const { plan } = prepared
      this.known = { environment: environment.name, plan }
      const text = flags['by-hand'] ? shownLines(byHand(plan)) : renderPlan(plan, paint(process.stdout))
      if (plan.blocked.length > 0 && !flags.json) this.log(text)
      refuseBlocked(plan, this.dryRun())
      if (looksOnly) await keepPlan(state, plan, systemClock.now())
      else if (!flags.json) this.log(`${text}\n`)
      refuseOtherTarget(plan, confirm, this.dryRun())
      await refuseOtherPlan(plan, wanted, state, this.dryRun())
      if (looksOnly) return this.print({ exitCode: 0, ...this.known }, text)
      if (environment.readonly) throw readOnly(environment.name)
      const [say, chalk] = [(line: string) => this.logToStderr(line), paint(process.stderr)]
      await settleConfirmation(plan, confirm, this.dryRun(), prompts, say, chalk)
      const again = plan.confirm === undefined ? prepared : await prepare(procedure, input, systems, context)
      refuseMoved(plan, again.plan, this.dryRun())
      refuseBlocked(again.plan, this.dryRun())
      const applying = {
        prepared: again,
        again: this.again(),
        needs: procedure.needs,
        session,
        confirm,
        prompts,
        silent: flags.json === true,
        say,
        chalk,
      }
      const { states, trouble } = await applyPlan(applying)
      this.known = { environment: environment.name, plan: again.plan, states }
      if (trouble) throw trouble
      const nothingDone = states.every((state) => state === 'already' || state === 'proven')
      this.print({ exitCode: 0, ...this.known }, nothingDone ? 'Already so: nothing was changed.' : 'Done, and seen to hold.')
    })
  }
}

const refuseBlocked = (plan: Plan, next: string): void => {
  if (plan.blocked.length === 0) return
  throw new Blocked({
    code: 'checks-failed',
    failed: `${plan.title}: blocked`,
    cause: 'The live deployment is not as this procedure needs it',
    details: plan.blocked,
    next,
  })
}

const byHand = ({ steps }: Plan): string =>
  steps.flatMap(({ title, manual }) => (manual.length > 0 ? [`# ${title}`, ...manual] : [])).join('\n')
