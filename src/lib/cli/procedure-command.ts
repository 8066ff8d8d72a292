import { Flags } from '@oclif/core'
import { systemClock } from '../clock.ts'
import type { Choices } from '../plan/choice.ts'
import { Blocked, Declined, Usage } from '../plan/errors.ts'
import type { RunEvent } from '../plan/outcome.ts'
import { perform, refuseMoved, undo } from '../plan/perform.ts'
import { type Plan, prepare } from '../plan/plan.ts'
import type { Procedure } from '../plan/procedure.ts'
import type { Name } from '../systems/systems.ts'
import { HoneydueCommand } from './command.ts'
import { inputOf } from './flags.ts'
import { paint, renderPlan } from './render.ts'

const interactive = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY)

type Given = Readonly<Record<string, unknown>> & { readonly env?: string | undefined; readonly json?: boolean }

/** A command that carries out a procedure: plan, confirm by risk, look again, apply, prove. */
export abstract class ProcedureCommand extends HoneydueCommand {
  static override baseFlags = {
    ...HoneydueCommand.baseFlags,
    'dry-run': Flags.boolean({ summary: 'show the plan, and stop there', helpGroup: 'GLOBAL' }),
    'by-hand': Flags.boolean({ summary: 'print the shell lines of the live plan, and stop there', helpGroup: 'GLOBAL' }),
    confirm: Flags.string({ summary: 'what would be typed to confirm; the plan says it', helpGroup: 'GLOBAL' }),
  }

  protected async carryOut<C extends Choices, N extends Name, F>(flags: Given, procedure: Procedure<C, N, F>): Promise<void> {
    const looksOnly = flags['dry-run'] === true || flags['by-hand'] === true
    const confirm = flags.confirm as string | undefined
    const prompts = interactive() && flags.json !== true ? await import('./prompts.ts') : undefined
    const input = await inputOf(procedure.choices, flags, prompts?.askChoice)
    if (!looksOnly && procedure.risk(input) !== 'routine' && confirm === undefined && !prompts) {
      throw new Usage({
        code: 'no-terminal',
        failed: `${procedure.id} asks before it changes anything, and there is no terminal to ask on`,
        next: `honeydue ${procedure.id} --dry-run, then again with --confirm and what its plan says`,
      })
    }
    await this.inEnvironment(flags.env, async (environment, systems, signal) => {
      const context = { environment, clock: systemClock, signal }
      const prepared = await prepare(procedure, input, systems, context)
      const { plan } = prepared
      const document = (exitCode: number, more: object = {}) => ({ exitCode, environment: environment.name, plan, ...more })
      const text = flags['by-hand'] ? byHand(plan) : renderPlan(plan, paint(process.stdout.isTTY))
      if (plan.blocked.length > 0) {
        if (!flags.json) this.log(text)
        throw new Blocked({
          code: 'checks-failed',
          failed: `${plan.title}: blocked`,
          details: plan.blocked,
          next: `honeydue ${plan.id} --dry-run`,
        })
      }
      if (looksOnly) return this.print(document(0), text)
      if (!flags.json) this.log(`${text}\n`)
      await this.settleConfirmation(plan, confirm, prompts)
      const again = plan.confirm === undefined ? prepared : await prepare(procedure, input, systems, context)
      refuseMoved(plan, again.plan)
      if (again.plan.blocked.length > 0)
        throw new Blocked({ code: 'checks-failed', failed: `${plan.title}: blocked`, details: again.plan.blocked })
      const run = {
        systems,
        needs: procedure.needs,
        clock: systemClock,
        signal,
        tell: (event: RunEvent) => this.tell(event, plan),
        settle: async (ask: string) => (prompts ? prompts.askGate(ask) : false),
      }
      const { states, trouble } = await perform(again, run)
      if (trouble) {
        const changed = states.some((state) => state === 'done' || state === 'half' || state === 'unverified')
        if (changed && prompts && !signal.aborted && (await prompts.askUndo())) {
          const left = await undo(again, states, run)
          this.logToStderr(left.length === 0 ? 'Taken back.' : ['Taken back, but for:', ...left.map((line) => `  ${line}`)].join('\n'))
        }
        throw trouble
      }
      this.print(
        document(0, { states }),
        states.every((state) => state === 'already' || state === 'proven') ? 'Already so: nothing was changed.' : 'Done, and seen to hold.',
      )
    })
  }

  private async settleConfirmation(
    plan: Plan,
    given: string | undefined,
    prompts: typeof import('./prompts.ts') | undefined,
  ): Promise<void> {
    // A wrong subject is refused even where nothing would be asked: whoever typed it means another target.
    if (given !== undefined && given !== plan.subject) {
      throw new Usage({
        code: 'confirm-mismatch',
        failed: `--confirm "${given}" is not what this plan asks for`,
        cause: 'It names another target than the live one',
        next: `honeydue ${plan.id} --dry-run`,
      })
    }
    if (plan.confirm === undefined || given !== undefined) return
    if (prompts && (await (plan.risk === 'irreversible' ? prompts.typeSubject(plan.confirm) : prompts.askYes()))) return
    throw new Declined({ code: 'declined', failed: 'Not confirmed', next: `honeydue ${plan.id} --dry-run` })
  }

  private tell(event: RunEvent, plan: Plan): void {
    const title = plan.steps[event.index]?.title ?? ''
    if (event.type === 'settled') this.logToStderr(`${event.state.padEnd(10)} ${title}`)
    else if (event.type === 'step' && event.phase === 'applying') this.logToStderr(`${'…'.padEnd(10)} ${title}`)
  }
}

const byHand = ({ steps }: Plan): string =>
  steps.flatMap(({ title, manual }) => (manual.length > 0 ? [`# ${title}`, ...manual] : [])).join('\n')
