import { argsOf, flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { drain } from '../../lib/procedures/edge/drain.ts'

export default class EdgeDrain extends ProcedureCommand {
  static override summary = drain.title
  static override args = argsOf(drain.choices)
  static override flags = flagsOf(drain.choices)

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EdgeDrain)
    await this.carryOut({ ...flags, ...args }, drain)
  }
}
