import { argsOf, flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { scale } from '../../lib/procedures/deploy/scale.ts'

export default class DeployScale extends ProcedureCommand {
  static override summary = scale.title
  static override args = argsOf(scale.choices)
  static override flags = flagsOf(scale.choices)

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DeployScale)
    await this.carryOut({ ...flags, ...args }, scale)
  }
}
