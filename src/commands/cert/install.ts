import { flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { install } from '../../lib/procedures/cert/install.ts'

export default class CertInstall extends ProcedureCommand {
  static override summary = install.title
  static override flags = flagsOf(install.choices)

  async run(): Promise<void> {
    const { flags } = await this.parse(CertInstall)
    await this.carryOut(flags, install)
  }
}
