import { flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { switchHost } from '../../lib/procedures/db/switch-host.ts'

export default class DatabaseSwitchHost extends ProcedureCommand {
  static override summary = switchHost.title
  static override flags = flagsOf(switchHost.choices)

  async run(): Promise<void> {
    const { flags } = await this.parse(DatabaseSwitchHost)
    await this.carryOut(flags, switchHost)
  }
}
