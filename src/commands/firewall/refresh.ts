import { flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { refresh } from '../../lib/procedures/firewall/refresh.ts'

export default class FirewallRefresh extends ProcedureCommand {
  static override summary = refresh.title
  static override flags = flagsOf(refresh.choices)

  async run(): Promise<void> {
    const { flags } = await this.parse(FirewallRefresh)
    await this.carryOut(flags, refresh)
  }
}
