import { argsOf, flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { restart } from '../../lib/procedures/deploy/restart.ts'

export default class DeployRestart extends ProcedureCommand {
  static override summary = restart.title
  static override args = argsOf(restart.choices)
  static override flags = flagsOf(restart.choices)

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DeployRestart)
    await this.carryOut({ ...flags, ...args }, restart)
  }
}
