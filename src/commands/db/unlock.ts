import { flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { unlock } from '../../lib/procedures/db/unlock.ts'

export default class DatabaseUnlock extends ProcedureCommand {
  static override summary = unlock.title
  static override flags = flagsOf(unlock.choices)

  async run(): Promise<void> {
    const { flags } = await this.parse(DatabaseUnlock)
    await this.carryOut(flags, unlock)
  }
}
