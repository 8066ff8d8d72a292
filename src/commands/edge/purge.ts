import { flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { purge } from '../../lib/procedures/edge/purge.ts'

export default class EdgePurge extends ProcedureCommand {
  static override summary = purge.title
  static override flags = flagsOf(purge.choices)

  async run(): Promise<void> {
    const { flags } = await this.parse(EdgePurge)
    await this.carryOut(flags, purge)
  }
}
