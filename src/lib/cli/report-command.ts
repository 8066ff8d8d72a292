import { systemClock } from '../clock.ts'
import type { Environment } from '../environment/schema.ts'
import type { Choices } from '../plan/choice.ts'
import { exitCodes } from '../plan/errors.ts'
import { readersOf } from '../plan/plan.ts'
import type { Report } from '../plan/report.ts'
import type { Name } from '../systems/systems.ts'
import { HoneydueCommand } from './command.ts'
import { inputOf } from './flags.ts'
import { paint, renderView } from './render.ts'

/** A command that shows a report. Exit 0 all well, 3 something is wrong, 9 nothing could be reached. */
export abstract class ReportCommand extends HoneydueCommand {
  protected async show<C extends Choices, N extends Name>(
    flags: Readonly<Record<string, unknown>> & { readonly env?: string | undefined },
    make: (environment: Environment) => Report<C, N>,
  ): Promise<void> {
    await this.inEnvironment(flags.env, async (environment, systems, signal) => {
      const report = make(environment)
      const input = await inputOf(report.choices, flags, undefined)
      const view = await report.look(input, readersOf(systems, report.needs), { environment, clock: systemClock, signal })
      process.exitCode = view.unreachable
        ? exitCodes.unreachable
        : view.findings.some(({ level }) => level === 'wrong')
          ? exitCodes.blocked
          : exitCodes.done
      this.print(
        { exitCode: process.exitCode, environment: environment.name, findings: view.findings, data: view.data },
        renderView(view, paint(process.stdout.isTTY)),
      )
    })
  }
}
