import { argsOf, flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { pause } from '../../lib/procedures/deploy/pause.ts'

export default class DeployPause extends ProcedureCommand {
  static override summary = pause.title
  static override args = argsOf(pause.choices)
  static override flags = flagsOf(pause.choices)

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DeployPause)
    await this.carryOut({ ...flags, ...args }, pause)
  }
}
