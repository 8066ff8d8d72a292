import { argsOf, flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { restore } from '../../lib/procedures/edge/restore.ts'

export default class EdgeRestore extends ProcedureCommand {
  static override summary = restore.title
  static override args = argsOf(restore.choices)
  static override flags = flagsOf(restore.choices)

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EdgeRestore)
    await this.carryOut({ ...flags, ...args }, restore)
  }
}
