import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { applyUndo } from '../../lib/cli/apply-plan.ts'
import { environmentFlag } from '../../lib/cli/command.ts'
import { refuseOtherTarget, refuseUnattended, settleConfirmation } from '../../lib/cli/confirmation.ts'
import { durationOf } from '../../lib/cli/flags.ts'
import { planAtQuestion, planText, showsOf } from '../../lib/cli/plan-shown.ts'
import { paint } from '../../lib/cli/render.ts'
import { RunCommand } from '../../lib/cli/run-command.ts'
import { openRecord } from '../../lib/cli/run-record.ts'
import { sweepAfterDead } from '../../lib/cli/sweep.ts'
import { typedLine } from '../../lib/cli/typed-line.ts'
import { undoable } from '../../lib/cli/undo-run.ts'
import { planOf } from '../../lib/journal/how-far.ts'
import { readRuns } from '../../lib/journal/read-journal.ts'
import { type AnyProcedure, procedures } from '../../lib/procedures/index.ts'
import { part, sh } from '../../lib/shell.ts'

export default class RunUndo extends RunCommand {
  static override summary = 'Take back what a run changed, if the world has not moved since'
  static override args = { run: Args.string({ description: 'its id, or how it begins or ends; last is the latest', required: true }) }
  static override flags = {
    ...environmentFlag,
    'dry-run': Flags.boolean({ summary: 'show the plan, and stop there' }),
    confirm: Flags.string({ summary: 'what would be typed to confirm; the plan says it' }),
    plan: Flags.string({ summary: 'go on only where the plan is still the one of this name' }),
    wait: Flags.string({ summary: 'how long to wait for another operator to end (5m)' }),
    'take-over': Flags.string({ summary: 'take the lease from this operator, who has stopped renewing it' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RunUndo)
    const run = await this.find(args.run)
    const asked = flags.env ?? run.header.asked
    const line = typedLine('run:undo', [run.run, ...(asked === undefined ? [] : ['--env', asked])])
    const prompts = this.mayAsk(flags)
    if (!flags['dry-run'] && !prompts)
      refuseUnattended('run:undo', planOf(run).risk === 'routine' ? 'routine' : 'disruptive', {
        confirm: flags.confirm,
        wanted: flags.plan,
        dryRun: sh`${part(line)} --dry-run`,
      })
    await this.inEnvironment(asked, async (session) => {
      if (!flags['dry-run'] && !session.environment.readonly) await sweepAfterDead(this.state, (words) => this.logToStderr(words))
      const load = (id: string) =>
        (procedures as Readonly<Record<string, () => Promise<unknown>>>)[id]?.() as Promise<AnyProcedure> | undefined
      const { undoing, procedure } = await undoable(run, await readRuns(this.state, this.host), load, session)
      const { plan } = undoing.prepared
      this.known = { environment: session.environment.name, undoes: run.run, plan, impossible: undoing.impossible }
      const text = [
        planText(plan, { details: false, dryRun: flags['dry-run'] }),
        ...(undoing.impossible.length > 0 ? ['', 'Nothing takes back:', ...undoing.impossible.map((one) => `  ${one}`)] : []),
      ].join('\n')
      refuseOtherTarget(plan, flags.confirm, `${line} --dry-run`)
      if (flags['dry-run']) return this.print({ exitCode: 0, ...this.known }, text)
      if (!this.argv.includes('--json')) this.log(`${text}\n`)
      const asking = await this.prompts(flags, session)
      const [say, chalk] = [(words: string) => this.logToStderr(words), paint(process.stderr)]
      const unseen = asking && planAtQuestion(plan)
      if (unseen !== undefined) say(`${unseen}\n`)
      await settleConfirmation(plan, flags.confirm, sh`${part(line)} --dry-run`, asking, showsOf(plan, this.config.root))
      const record = await openRecord({
        plan,
        session,
        state: this.state,
        line,
        asked,
        prompts: asking,
        wait: flags.wait === undefined ? 0 : durationOf('wait', flags.wait),
        takeOver: flags['take-over'],
        withoutLease: false,
        say,
        undoes: run.run,
      })
      try {
        // Under the lease it is looked at once more: what it did may have been changed while it was asked.
        const again = await undoable(run, await readRuns(this.state, this.host), load, session)
        await record.begin(again.undoing.prepared)
        const { outcome, left } = await applyUndo(again.undoing, {
          needs: procedure.needs,
          session,
          prompts: asking,
          silent: this.argv.includes('--json'),
          say,
          chalk,
          record,
        })
        await record.end(outcome)
        this.known = { ...this.known, run: record.run, states: outcome.states, left }
        if (outcome.trouble) throw outcome.trouble
        this.print(
          { exitCode: 0, ...this.known },
          left.length === 0 ? 'Taken back, and seen to be so.' : ['Taken back, but for:', ...left.map((one) => `  ${one}`)].join('\n'),
        )
      } finally {
        await record.close()
      }
    })
  }
}
