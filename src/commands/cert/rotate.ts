import { flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { rotate } from '../../lib/procedures/cert/rotate.ts'

export default class CertRotate extends ProcedureCommand {
  static override summary = rotate.title
  static override flags = flagsOf(rotate.choices)

  async run(): Promise<void> {
    const { flags } = await this.parse(CertRotate)
    await this.carryOut(flags, rotate)
  }
}
