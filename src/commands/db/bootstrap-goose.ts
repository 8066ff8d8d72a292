import { flagsOf } from '../../lib/cli/flags.ts'
import { ProcedureCommand } from '../../lib/cli/procedure-command.ts'
import { bootstrapGoose } from '../../lib/procedures/db/bootstrap-goose.ts'

export default class DatabaseBootstrapGoose extends ProcedureCommand {
  static override summary = bootstrapGoose.title
  static override flags = flagsOf(bootstrapGoose.choices)

  async run(): Promise<void> {
    const { flags } = await this.parse(DatabaseBootstrapGoose)
    await this.carryOut(flags, bootstrapGoose)
  }
}
