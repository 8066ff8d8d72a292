import { join } from 'node:path'
import * as Flags from '@oclif/core/flags'
import { systemClock } from '../clock.ts'
import { exitCodes, Trouble } from '../errors.ts'
import type { Choices, Input } from '../plan/choice.ts'
import { reportReadersOf } from '../plan/plan.ts'
import type { Report, View } from '../plan/report.ts'
import type { Name } from '../systems/systems.ts'
import { environmentFlag, HoneydueCommand } from './command.ts'
import { exitOfView } from './exit-of-view.ts'
import { firstNext } from './first-next.ts'
import { argsOf, durationOf, flagsOf, inputOf } from './flags.ts'
import type { Here } from './here.ts'
import { viewHere } from './view-here.ts'
import { watch } from './watch.ts'
import { whileLooking } from './while-looking.ts'

/** The command of one report: its flags are the report's choices, its summary is the title. */
export const reportCommand = <C extends Choices, N extends Name>(report: Report<C, N>) =>
  class extends ReportCommand {
    static override summary = report.title
    /** Which systems it asks: the manifest says it to who must not load it. */
    static needs: readonly Name[] = report.needs
    static override args = argsOf(report.choices)
    static override flags = flagsOf(report.choices)

    async run(): Promise<void> {
      const { args, flags } = await this.parse()
      await this.show({ ...flags, ...args }, report)
    }
  }

/** A command that shows a report. Exit 0 all well, 3 something is wrong, 9 nothing could be reached. */
abstract class ReportCommand extends HoneydueCommand {
  static override baseFlags = {
    ...HoneydueCommand.baseFlags,
    ...environmentFlag,
    watch: Flags.boolean({ summary: 'draw it again and again until Ctrl-C', helpGroup: 'GLOBAL', exclusive: ['json'] }),
    interval: Flags.string({ summary: 'how often, with --watch (default: 5s)', helpGroup: 'GLOBAL', dependsOn: ['watch'] }),
  }

  /** What the runbook has for somebody's words; read only where a report asks. */
  private async pagesFor(words: string) {
    const [{ readPages }, { searchPages }] = await Promise.all([import('../runbook/page.ts'), import('../runbook/search.ts')])
    return searchPages(await readPages(join(this.config.root, 'runbooks')))(words).slice(0, 3)
  }

  protected async show<C extends Choices, N extends Name>(
    flags: Readonly<Record<string, unknown>> & { readonly env?: string | undefined; readonly json?: boolean | undefined },
    report: Report<C, N>,
  ): Promise<void> {
    const every = durationOf('interval', flags.interval ?? '5s')
    await this.inEnvironment(flags.env, async (session) => {
      const { environment, settings, systems, ending } = session
      const signal = ending.looking
      const input: Input<C> = await inputOf(report.choices, flags, this.asking(await this.prompts(flags, session)))
      const look = async () =>
        viewHere(
          await report.look(input, reportReadersOf(systems, report.needs), {
            environment,
            settings,
            clock: systemClock,
            signal,
            pages: (words) => this.pagesFor(words),
            operators: async () => (await import('./operators.ts')).operatorsOf(session),
            seenSince: async (states) => (await import('./seen.ts')).seenSince(environment, states, systemClock.now(), process.env),
          }),
          this.id ?? '',
          this.here,
        )
      if (flags.watch === true) {
        await watch({ draw: () => pictured(look, this.here), every, clock: systemClock, signal, screen: process.stdout })
        process.exitCode = exitCodes.done
        return
      }
      // How to draw is read while the systems are being asked.
      const [view, { renderTables, renderView }, { paint }] = await Promise.all([
        flags.json ? look() : whileLooking(report.needs, look()),
        import('./render-view.ts'),
        import('./render.ts'),
      ])
      if (signal.aborted) {
        // What was cut off says nothing about the world: what was seen by then stands, and nothing is concluded from it.
        this.known = { environment: environment.name, data: view.data }
        if (!flags.json)
          this.log(
            `Seen before it was stopped; what was still being asked is missing or wrong here.\n\n${renderTables(view, paint(process.stdout))}\n`,
          )
        throw signal.reason
      }
      this.leadsTo = firstNext(view.findings)
      const exitCode = exitOfView(view)
      process.exitCode = exitCode
      this.print(
        { exitCode, environment: environment.name, findings: view.findings, data: view.data },
        renderView(view, paint(process.stdout)),
      )
    })
  }
}

/** A system that is away is a picture too: the watching goes on until it is back. */
const pictured = async (look: () => Promise<View>, here: Here): Promise<string> => {
  const [{ paint, renderTrouble }, { renderView }] = await Promise.all([import('./render.ts'), import('./render-view.ts')])
  const chalk = paint(process.stdout)
  try {
    return renderView(await look(), chalk, { verdictFirst: true })
  } catch (error) {
    if (error instanceof Trouble) return renderTrouble(error, chalk, here)
    throw error
  }
}
